// Made by vgen from mongodb.docs; do not edit. The host puts the values of the secrets in.
// Run by mongosh at each change and each start: begins the replica set once; makes users or sets their passwords.
const members = ["10.2.0.21:27017"];
const begins = "yes" === 'yes';
const admin = { user: 'admin', pwd: @vgen(yaml:<mongoAdmin>), roles: ['root'] };
const users = [
  { db: "shop", pwd: @vgen(yaml:<docsPassword>) },
];

const main = db.getSiblingDB('admin');
try {
  if (begins) rs.initiate({ _id: "docs", members: members.map((host, _id) => ({ _id, host })) });
} catch (error) {
  if (error.codeName !== 'AlreadyInitialized' && error.codeName !== 'Unauthorized') throw error;
}
for (let i = 0; i < 60 && !db.hello().isWritablePrimary && !db.hello().primary; i++) sleep(1000);
if (!db.hello().isWritablePrimary) {
  print(`the primary is ${db.hello().primary ?? 'not chosen yet'}; users are made there`);
  quit(0);
}
try {
  main.auth(admin.user, admin.pwd);
} catch {
  // allowed once, from loopback, while there is no user at all
  main.createUser(admin);
  main.auth(admin.user, admin.pwd);
}
for (const { db: name, pwd } of users) {
  const target = db.getSiblingDB(name);
  const roles = [{ role: 'readWrite', db: name }];
  if (target.getUser(name) === null) target.createUser({ user: name, pwd, roles });
  else target.updateUser(name, { pwd, roles });
}
