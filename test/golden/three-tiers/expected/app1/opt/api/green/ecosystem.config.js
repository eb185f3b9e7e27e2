// Made by vgen from apps.api.slots.green; do not edit.
module.exports = {
  apps: [{
    name: "api-green",
    cwd: "/opt/api/green/release",
    script: "/opt/api/green/release/api",
    args: ["4001"],
    interpreter: "none",
    exec_mode: "fork",
    instances: 1,
    autorestart: true,
    watch: false,
    kill_timeout: 30000,
    // the journal has what the app prints
    out_file: '/dev/null',
    error_file: '/dev/null',
  }],
};
