#!/usr/bin/env bash
# A rehearsal's client of MongoDB, with nothing but the app's own URL.
# Usage: prove.sh before|after; writes a document, or reads it. Its environment has URL and MARK.
set -euo pipefail
: "${URL:?}" "${MARK:?}"
python3 - "${1:?}" <<'PYTHON'
import os
import sys

import pymongo

documents = pymongo.MongoClient(os.environ['URL']).get_default_database()[os.environ['MARK']]
if sys.argv[1] == 'before':
    documents.insert_one({'word': 'kept'})
else:
    if documents.find_one({'word': 'kept'}) is None:
        sys.exit('the document that was written before the switch is gone')
    documents.drop()
    print('a document written before the switches is read after them')
PYTHON
