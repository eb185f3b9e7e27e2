#!/usr/bin/env bash
# A rehearsal's client of RabbitMQ, with nothing but the app's own URL and CA.
# Usage: prove.sh before|after; publishes a message, or takes it. Its environment has URL, MARK and CA.
set -euo pipefail
: "${URL:?}" "${MARK:?}" "${CA:?}"
python3 - "${1:?}" <<'PYTHON'
import os
import ssl
import sys

import pika

parameters = pika.URLParameters(os.environ['URL'])
parameters.ssl_options = pika.SSLOptions(ssl.create_default_context(cafile=os.environ['CA']), parameters.host)
queue = os.environ['MARK']
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.queue_declare(queue, durable=True)
if sys.argv[1] == 'before':
    channel.basic_publish('', queue, 'kept', pika.BasicProperties(delivery_mode=2))
else:
    _, _, body = channel.basic_get(queue, auto_ack=True)
    if body != b'kept':
        sys.exit('the message that was published before the switch is gone')
    channel.queue_delete(queue)
    print('a message published before the switches is taken after them, over TLS')
connection.close()
PYTHON
