// For thousands of hosts: an inventory and a playbook for Ansible that send the same trees and run the same install.sh.
// Only modules of ansible-core, so that AWX and every execution environment can run it.
import type { Target } from '../fleet/connect/targets.ts';
import type { Host } from '../contract/model.ts';

/** A string of YAML; JSON's are all of them. */
const text = (value: string): string => JSON.stringify(value);

/** inventory.yml: every host with how to reach it, in groups by region and tag. */
export function ansibleInventory(hosts: readonly Host[], targetOf: (host: Host) => Target): string {
  const entry = (host: Host): string => {
    const { destination, address, user, port, jump } = targetOf(host);
    const lines = [
      `ansible_host: ${text(address ?? destination)}`,
      ...user === null ? [] : [`ansible_user: ${text(user)}`, 'ansible_become: true'],
      ...port === null ? [] : [`ansible_port: ${port}`],
      ...jump === null ? [] : [`ansible_ssh_common_args: ${text(`-J ${jump}`)}`],
    ];
    return `        ${host.name}:\n${lines.map(line => `          ${line}\n`).join('')}`;
  };
  const groups = new Map<string, string[]>();
  const add = (group: string, host: string): void => { groups.set(group, [...groups.get(group) ?? [], host]); };
  for (const { name, region, tags } of hosts) {
    // Ansible takes letters, digits and underscores in names of groups
    if (region !== null) add(`region_${region.replaceAll('-', '_')}`, name);
    for (const tag of tags) add(`tag_${tag.replaceAll('-', '_')}`, name);
  }
  const group = ([name, members]: [string, string[]]): string =>
    `    ${name}:\n      hosts:\n${members.map(member => `        ${member}:\n`).join('')}`;
  return `# Made by "vgen export ansible"; the same command makes it anew.
all:
  children:
    vgen:
      hosts:
${hosts.map(entry).join('')}${[...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(group).join('')}`;
}

/** playbook.yml. `out` is where the trees are, seen from the playbook. */
export const ansiblePlaybook = (out: string, serial: string): string =>
  `# Made by "vgen export ansible"; the same command makes it anew.
# Sends each host its tree and runs its install.sh, which does nothing where there is nothing to do. Values of secrets
# go to the hosts by "vgen secrets push", not by Ansible: its logs and facts would keep them.
# More hosts at a time: ansible-playbook --forks 50; fewer in one step: --extra-vars vgen_serial=10%
- name: Bring hosts to their trees
  hosts: vgen
  gather_facts: false
  serial: "{{ vgen_serial | default('${serial}') }}"
  max_fail_percentage: 0
  any_errors_fatal: true
  vars:
    vgen_out: "{{ playbook_dir }}/${out}"
    vgen_incoming: /var/lib/vgen/incoming
    vgen_words: []
  tasks:
    - name: Python, which Ansible's modules want on a host and vgen does not
      ansible.builtin.raw: command -v python3 >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends python3
      changed_when: false

    - name: Which version of the trees this is
      ansible.builtin.command:
        argv: [git, -C, "{{ vgen_out }}", log, "-1", "--format=--order %ct --commit %H", --, "."]
      delegate_to: localhost
      become: false
      run_once: true
      changed_when: false
      failed_when: false
      check_mode: false
      register: vgen_version

    - name: A directory for packed trees
      ansible.builtin.tempfile: { state: directory, prefix: vgen- }
      delegate_to: localhost
      become: false
      run_once: true
      changed_when: false
      register: vgen_packed

    - name: Pack the tree
      ansible.builtin.command:
        argv:
          [tar, -C, "{{ vgen_out }}/{{ inventory_hostname }}", --owner=0, --group=0, --numeric-owner, -czf, "{{ vgen_packed.path }}/{{ inventory_hostname }}.tgz", "."]
      delegate_to: localhost
      become: false
      changed_when: false

    - name: Clear what was sent before
      ansible.builtin.file: { path: "{{ vgen_incoming }}", state: absent }
      changed_when: false

    - name: A place for the tree
      ansible.builtin.file: { path: "{{ vgen_incoming }}", state: directory, owner: root, group: root, mode: "0700" }
      changed_when: false

    - name: Send the tree
      ansible.builtin.unarchive: { src: "{{ vgen_packed.path }}/{{ inventory_hostname }}.tgz", dest: "{{ vgen_incoming }}" }
      changed_when: false

    - name: Install it
      ansible.builtin.command:
        argv: "{{ ['bash', vgen_incoming ~ '/install.sh'] + (vgen_version.stdout | default('')).split() + vgen_words }}"
      register: vgen_install
      changed_when: "'nothing to do' not in vgen_install.stdout"

    - name: Clear the packed trees
      ansible.builtin.file: { path: "{{ vgen_packed.path }}", state: absent }
      delegate_to: localhost
      become: false
      run_once: true
      changed_when: false
`;
