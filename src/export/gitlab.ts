// The pipeline for GitLab: check, diff as a comment on the merge request, plan, apply.
import type { Ci } from './github.ts';

/** The text of .gitlab-ci.yml. */
export function gitlab({ inventory, out, shards, environment, branch }: Ci): string {
  const many = shards > 1;
  const parallel = many ? `  parallel: ${shards}\n` : '';
  const node = many ? '-$CI_NODE_INDEX' : '';
  const on = many ? `    - hosts=$(npx vgen ci hosts -i "$INVENTORY" --shard "$CI_NODE_INDEX/$CI_NODE_TOTAL")
    - if [ -z "$hosts" ]; then exit 0; fi
` : `    - hosts=all
`;
  const file = many ? 'plan-$CI_NODE_INDEX.json' : 'plan.json';
  return `# Made by "vgen ci gitlab"; the same command makes it anew.
# It wants the variables VGEN_SSH_KEY (a file) and VGEN_KNOWN_HOSTS (a file), protected, in the environment "${environment}";
# GITLAB_COMMENT_TOKEN (a project access token that may comment) is optional. Values of secrets are variables by the
# names that the inventory gives them.
stages: [check, secrets, plan, apply]

default:
  image: node:20-bookworm
  interruptible: false
  before_script:
    - apt-get update -qq && apt-get install -y -qq --no-install-recommends rsync openssh-client git curl
    - npm ci

variables:
  INVENTORY: ${inventory}
  OUT: ${out}
  ALLOW:
    value: ''
    description: Areas that the apply may change, separated by blanks, such as "live datastore"
  GIT_DEPTH: '0'
  GIT_STRATEGY: clone

.hosts:
  variables:
    SSH_AUTH_SOCK: /tmp/vgen-agent.sock
  before_script:
    - apt-get update -qq && apt-get install -y -qq --no-install-recommends rsync openssh-client git curl
    - npm ci
    - install -d -m 0700 ~/.ssh && cat -- "$VGEN_KNOWN_HOSTS" >>~/.ssh/known_hosts
    - ssh-agent -a "$SSH_AUTH_SOCK" >/dev/null
    - tr -d '\\r' <"$VGEN_SSH_KEY" | ssh-add -q -

check:
  stage: check
  interruptible: true
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == "${branch}"
  script:
    - npx vgen build --check -i "$INVENTORY" -o "$OUT"
    - |
      if [ -n "$CI_MERGE_REQUEST_DIFF_BASE_SHA" ]; then
        git worktree add --detach /tmp/base "$CI_MERGE_REQUEST_DIFF_BASE_SHA"
        code=0
        npx vgen diff --impact -i "$INVENTORY" -o "/tmp/base/$OUT" >impact.txt || code=$?
        [ "$code" -le 1 ]
        { echo '## vgen diff'; echo; echo '\`\`\`'; cat impact.txt; echo '\`\`\`'; } >impact.md
        if [ -n "$GITLAB_COMMENT_TOKEN" ]; then
          printf 'PRIVATE-TOKEN: %s' "$GITLAB_COMMENT_TOKEN" |
            curl --fail --silent --show-error --output /dev/null --header @- --data-urlencode body@impact.md \\
              "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
        fi
      fi
  artifacts:
    paths: [impact.md]
    when: always
    expire_in: 1 week

secrets:
  extends: .hosts
  stage: secrets
  rules:
    - if: $CI_COMMIT_BRANCH == "${branch}"
      when: manual
      allow_failure: true
  environment: { name: ${environment} }
  resource_group: ${environment}
  script:
    - npx vgen secrets push -i "$INVENTORY" -o "$OUT"

plan:
  extends: .hosts
  stage: plan
  rules:
    - if: $CI_COMMIT_BRANCH == "${branch}"
  environment: { name: ${environment}, action: prepare }
${parallel}  script:
${on}    - code=0; npx vgen plan -i "$INVENTORY" -o "$OUT" --on "$hosts" --save ${file} --markdown >plan${node}.md || code=$?
    - cat plan${node}.md; [ "$code" -le 1 ]
  artifacts:
    paths: [plan*.json, plan*.md]
    expire_in: 1 week

apply:
  extends: .hosts
  stage: apply
  rules:
    - if: $CI_COMMIT_BRANCH == "${branch}"
      when: manual
  environment: { name: ${environment} }
  resource_group: ${environment}
${parallel}  variables:
    VGEN_OWNER: gitlab-$CI_JOB_ID
  script:
    - if [ ! -e ${file} ]; then exit 0; fi
    - set --; set -f; for area in $ALLOW; do set -- "$@" --allow "$area"; done; set +f
    - npx vgen apply ${file} -i "$INVENTORY" -o "$OUT" "$@"
  after_script:
    - if [ "$CI_JOB_STATUS" = canceled ]; then npx vgen unlock -i "$INVENTORY" || [ $? -eq 3 ]; fi
`;
}
