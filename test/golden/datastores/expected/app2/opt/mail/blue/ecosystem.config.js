// Made by vgen from apps.mail.slots.blue; do not edit.
// pm2-runtime would give workers its words before those of the app
require('cluster').settings.args = [];
module.exports = {
  apps: [{
    name: "mail-blue",
    cwd: "/opt/mail/blue/release",
    script: "/opt/mail/blue/release/server.js",
    args: ["3010"],
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
