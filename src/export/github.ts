// The workflow for GitHub: check, diff as a comment, plan, apply. Everything that comes from outside reaches a script
// as an environment variable, never as text of the script.

/** What a workflow is made from. */
export interface Ci {
  readonly inventory: string;
  readonly out: string;
  /** Jobs that share the hosts; 1 is one job for all. */
  readonly shards: number;
  /** Name of the environment that guards an apply. */
  readonly environment: string;
  /** Branch whose state is applied. */
  readonly branch: string;
  /** Environment variables that hold values of secrets. */
  readonly secrets: readonly string[];
}

/** Full commits: a tag can be moved by whoever takes over the repository. */
const ACTIONS = {
  checkout: 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
  node: 'actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0',
  upload: 'actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0',
  download: 'actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1',
};

const begin = (depth: number): string => `      - uses: ${ACTIONS.checkout}
        with: { persist-credentials: false, fetch-depth: ${depth} }
      - uses: ${ACTIONS.node}
        with: { node-version: 20 }
      - run: npm ci
`;

const SSH = `      - name: Give the key to an agent; it is written nowhere
        env:
          KEY: \${{ secrets.VGEN_SSH_KEY }}
          KNOWN_HOSTS: \${{ secrets.VGEN_KNOWN_HOSTS }}
        run: |
          install -d -m 0700 ~/.ssh
          printf '%s\\n' "$KNOWN_HOSTS" >>~/.ssh/known_hosts
          ssh-agent -a "$RUNNER_TEMP/agent.sock" >/dev/null
          printf '%s\\n' "$KEY" | SSH_AUTH_SOCK="$RUNNER_TEMP/agent.sock" ssh-add -q -
          echo "SSH_AUTH_SOCK=$RUNNER_TEMP/agent.sock" >>"$GITHUB_ENV"
`;

/** The text of .github/workflows/vgen.yml. */
export function github({ inventory, out, shards, environment, branch, secrets }: Ci): string {
  const many = shards > 1;
  const matrix = many ? `    strategy:
      fail-fast: true
      matrix:
        shard: [${Array.from({ length: shards }, (_, i) => i + 1).join(', ')}]
` : '';
  const shard = many ? '-${{ matrix.shard }}' : '';
  const on = many ? `          hosts=$(npx vgen ci hosts -i "$INVENTORY" --shard "$SHARD/${shards}")
          [ -n "$hosts" ] || exit 0
` : `          hosts=all
`;
  const shardEnv = many ? '          SHARD: ${{ matrix.shard }}\n' : '';
  const values = secrets.map(name => `          ${name}: \${{ secrets.${name} }}\n`).join('');
  return `# Made by "vgen ci github"; the same command makes it anew.
# It wants two environments, "${environment}-plan" and "${environment}", each with the secrets VGEN_SSH_KEY and
# VGEN_KNOWN_HOSTS. Give "${environment}" reviewers: they see the plan before it is applied.
name: vgen
on:
  pull_request:
  push:
    branches: [${branch}]
  workflow_dispatch:
    inputs:
      secrets:
        description: Push the values of secrets before the plan
        type: boolean
        default: false
      allow:
        description: Areas that the apply may change, separated by blanks, such as "live datastore"
        type: string
        default: ''
permissions: {}
env:
  INVENTORY: ${inventory}
  OUT: ${out}
defaults:
  run:
    shell: bash
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions: { contents: read, pull-requests: write }
    steps:
${begin(0)}      - run: npx vgen build --check -i "$INVENTORY" -o "$OUT"
      - name: Show what would reload, restart or go down
        if: github.event_name == 'pull_request'
        env:
          BASE: \${{ github.event.pull_request.base.sha }}
        run: |
          git worktree add --detach "$RUNNER_TEMP/base" "$BASE"
          code=0
          npx vgen diff --impact -i "$INVENTORY" -o "$RUNNER_TEMP/base/$OUT" >impact.txt || code=$?
          [ "$code" -le 1 ]
          { echo '## vgen diff'; echo; echo '\`\`\`'; cat impact.txt; echo '\`\`\`'; } | tee impact.md >>"$GITHUB_STEP_SUMMARY"
      - name: Comment it
        if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
        env:
          GH_TOKEN: \${{ github.token }}
          GH_REPO: \${{ github.repository }}
          PR: \${{ github.event.pull_request.number }}
        run: gh pr comment "$PR" --body-file impact.md --edit-last --create-if-none

  secrets:
    if: github.event_name == 'workflow_dispatch' && inputs.secrets
    needs: check
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions: { contents: read }
    environment: ${environment}
    concurrency: { group: vgen-secrets-${environment}, cancel-in-progress: false }
    steps:
${begin(1)}${SSH}      - name: Push
${values ? `        env:\n${values}` : ''}        run: npx vgen secrets push -i "$INVENTORY" -o "$OUT"

  plan:
    if: github.event_name != 'pull_request' && !cancelled() && needs.check.result == 'success' && needs.secrets.result != 'failure'
    needs: [check, secrets]
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions: { contents: read }
    environment: ${environment}-plan
${matrix}    steps:
${begin(0)}${SSH}      - name: Plan
        env:
          GROUP: plan${shard}
${shardEnv}        run: |
${on}          code=0
          npx vgen plan -i "$INVENTORY" -o "$OUT" --on "$hosts" --save plan.json --markdown >plan.md || code=$?
          cat plan.md >>"$GITHUB_STEP_SUMMARY"
          [ "$code" -le 1 ]
      - uses: ${ACTIONS.upload}
        with: { name: 'plan${shard}', path: plan.json, retention-days: 7, if-no-files-found: ignore }

  apply:
    if: '!cancelled() && needs.plan.result == ''success'''
    needs: plan
    runs-on: ubuntu-24.04
    timeout-minutes: 120
    permissions: { contents: read }
    environment: ${environment}
    concurrency: { group: 'vgen-apply-${environment}${shard}', cancel-in-progress: false }
${matrix}    env:
      VGEN_OWNER: github-\${{ github.run_id }}-\${{ github.run_attempt }}${shard}
    steps:
${begin(0)}${SSH}      - uses: ${ACTIONS.download}
        with: { name: 'plan${shard}' }
      - name: Apply the plan and nothing else
        env:
          ALLOW: \${{ inputs.allow }}
        run: |
          set -f; for area in $ALLOW; do set -- "$@" --allow "$area"; done; set +f
          code=0
          npx vgen apply plan.json -i "$INVENTORY" -o "$OUT" --markdown "$@" >apply.md || code=$?
          cat apply.md >>"$GITHUB_STEP_SUMMARY"
          exit "$code"
      - name: Give back the lock if the job was cancelled
        if: cancelled()
        run: npx vgen unlock -i "$INVENTORY" || [ $? -eq 3 ]
`;
}
