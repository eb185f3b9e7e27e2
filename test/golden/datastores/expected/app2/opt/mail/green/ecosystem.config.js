// Made by vgen from apps.mail.slots.green; do not edit.
// pm2-runtime would give workers its words before those of the app
require('cluster').settings.args = [];
module.exports = {
  apps: [{
    name: "mail-green",
    cwd: "/opt/mail/green/release",
    script: "/opt/mail/green/release/server.js",
    args: ["3011"],
    interpreter: "/usr/bin/node",
    exec_mode: "cluster",
    instances: 4,
    autorestart: true,
    watch: false,
    kill_timeout: 20000,
    // the journal has what the app prints
    out_file: '/dev/null',
    error_file: '/dev/null',
  }],
};
