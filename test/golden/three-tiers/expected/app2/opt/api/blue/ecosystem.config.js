// Made by vgen from apps.api.slots.blue; do not edit.
module.exports = {
  apps: [{
    name: "api-blue",
    cwd: "/opt/api/blue/release",
    script: "/opt/api/blue/release/api",
    args: ["4000"],
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
