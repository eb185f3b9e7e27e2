// gitlab-ci-local wants a method of Node 22; the tests run on Node 20 too.
Set.prototype.union ??= function union(other) { return new Set([...this, ...other]); };
