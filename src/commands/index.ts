// All commands: name, summary, and where the module is. The list is all that "vgen --help" needs; a module is loaded
// when its command is called. The summary of a command stands here alone.
import type { CommandDeclaration } from './declaration.ts';

export interface CommandEntry {
  readonly summary: string;
  /** An import of a literal path, so that bundlers see it. */
  load(): Promise<{ readonly command: CommandDeclaration }>;
}

/** A command that consists of commands. */
export interface CommandGroup {
  readonly summary: string;
  readonly examples: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

type Commands = Readonly<Record<string, CommandEntry | CommandGroup>>;

const certs: CommandGroup = {
  summary: 'certificates on the hosts, and the fleet\'s CA',
  examples: {
    'vgen certs ca | age -r age1… -o ca.key.age': 'create the CA',
    'vgen certs issue': 'issue what is missing or expires soon',
    'vgen certs status': '',
  },
  commands: {
    ca: {
      summary: 'create the CA: its certificate goes to a file, its key to stdout',
      load: () => import('./certs/ca.ts'),
    },
    issue: {
      summary: 'issue certificates that are missing, expire soon or have other names',
      load: () => import('./certs/issue.ts'),
    },
    status: {
      summary: 'show issuer, names and days left of each certificate',
      load: () => import('./certs/status.ts'),
    },
  },
};

const secrets: CommandGroup = {
  summary: 'values of secrets on the hosts; none is ever shown',
  examples: {
    'vgen secrets push': 'before the first apply, and after a value changed',
    'vgen secrets check --on eu1': '',
  },
  commands: {
    check: {
      summary: 'compare the secrets of the hosts with their sources',
      load: () => import('./secrets/check.ts'),
    },
    push: {
      summary: 'send values to the hosts and restart what reads changed ones',
      load: () => import('./secrets/push.ts'),
    },
  },
};

const ci: CommandGroup = {
  summary: 'CI pipelines: check, diff as a comment, plan, apply',
  examples: {
    'vgen ci github': 'write .github/workflows/vgen.yml',
    'vgen ci gitlab': 'write .gitlab-ci.yml',
    'vgen ci script': 'write apply.sh, for any other CI',
  },
  commands: {
    github: { summary: 'write the workflow for GitHub', load: () => import('./ci/github.ts') },
    gitlab: { summary: 'write the pipeline for GitLab', load: () => import('./ci/gitlab.ts') },
    script: {
      summary: 'write apply.sh, which needs only bash, rsync and ssh on the CI runner',
      load: () => import('./ci/script.ts'),
    },
    hosts: { summary: 'print the hosts of one of several parallel jobs', load: () => import('./ci/hosts.ts') },
  },
};

const exports: CommandGroup = {
  summary: 'the fleet for other tools',
  examples: { 'vgen export ansible': '' },
  commands: {
    ansible: {
      summary: 'write an inventory and a playbook for Ansible',
      load: () => import('./export/ansible.ts'),
    },
  },
};

/** The commands under the headings of the help, in its order. */
export const sections: Readonly<Record<string, Commands>> = {
  'Inventory:': {
    init: { summary: 'write a commented starter inventory', load: () => import('./init.ts') },
    validate: { summary: 'report every mistake in the inventory', load: () => import('./validate.ts') },
    build: { summary: 'compile the inventory into one tree of files per host', load: () => import('./build.ts') },
    diff: { summary: 'show how the trees would change, and what that restarts', load: () => import('./diff.ts') },
    why: { summary: 'find the inventory line behind a line of a generated file', load: () => import('./why.ts') },
    explain: { summary: 'show the documentation of an inventory key', load: () => import('./explain.ts') },
    schema: { summary: 'print the JSON Schema of inventories', load: () => import('./schema.ts') },
    rehearse: { summary: 'run the whole fleet on local containers first', load: () => import('./rehearse.ts') },
  },
  'Hosts:': {
    doctor: { summary: 'check that the hosts are ready for an apply', load: () => import('./doctor.ts') },
    plan: { summary: 'show what an apply would change on the hosts', load: () => import('./plan.ts') },
    apply: { summary: 'install the trees on the hosts', load: () => import('./apply.ts') },
    drift: { summary: 'show what was changed on the hosts since the last apply', load: () => import('./drift.ts') },
    status: { summary: 'show what runs on the hosts', load: () => import('./status.ts') },
    audit: { summary: 'show what was done on the hosts, when and by whom', load: () => import('./audit.ts') },
    exec: { summary: 'run a command on the hosts as root', load: () => import('./exec.ts') },
    lock: { summary: 'lock hosts against changes', load: () => import('./lock.ts') },
    unlock: { summary: 'unlock hosts', load: () => import('./unlock.ts') },
  },
  'Releases:': {
    deploy: { summary: 'put a release of an app into its next slot', load: () => import('./deploy.ts') },
    switch: { summary: 'make the next slot of an app live', load: () => import('./switch.ts') },
    rollback: { summary: 'go back to the previous release or configuration', load: () => import('./rollback.ts') },
    logs: { summary: 'show the log of an app, or nginx\'s', load: () => import('./logs.ts') },
  },
  'Secrets and certificates:': { secrets, certs },
  'Other tools:': { ci, export: exports },
};
