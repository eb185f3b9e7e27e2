#!/usr/bin/python3
# An app that connects to what it uses with nothing but its environment: GET /db, /cache, /queue return their answers.
import json
import os
import socket
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


def db():
    import psycopg2
    with psycopg2.connect(os.environ['DB_URL']) as connection, connection.cursor() as cursor:
        cursor.execute('CREATE TABLE IF NOT EXISTS seen (what text)')
        cursor.execute("INSERT INTO seen VALUES ('once')")
        cursor.execute('SELECT current_user, current_database(), ssl, version FROM pg_stat_ssl '
                       'WHERE pid = pg_backend_pid()')
        return cursor.fetchone()


def cache():
    url = urlsplit(os.environ['CACHE_URL'])
    if url.scheme != 'rediss':
        raise ValueError(url.scheme)
    context = ssl.create_default_context(cafile=os.environ['CACHE_CA'])
    with socket.create_connection((url.hostname, url.port), 5) as plain, \
            context.wrap_socket(plain, server_hostname=url.hostname) as link:
        def ask(*words):
            words = [word.encode() for word in words]
            link.sendall(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in words))
            return link.recv(4096).decode().strip()
        return [ask('AUTH', unquote(url.password)), ask('INCR', 'seen'), link.version()]


def queue():
    import pika
    parameters = pika.URLParameters(os.environ['QUEUE_URL'])
    context = ssl.create_default_context(cafile=os.environ['QUEUE_CA'])
    parameters.ssl_options = pika.SSLOptions(context, parameters.host)
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    channel.queue_declare('jobs', durable=True)
    channel.basic_publish('', 'jobs', 'one', pika.BasicProperties(delivery_mode=2))
    _, _, body = channel.basic_get('jobs', auto_ack=True)
    connection.close()
    return [body.decode(), parameters.virtual_host]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {'/db': db, '/cache': cache, '/queue': queue, '/health': lambda: 'well'}
        try:
            code, answer = 200, known[self.path.removeprefix('/api')]()
        except Exception as reason:  # whatever a client of a datastore throws is the answer
            code, answer = 500, f'{type(reason).__name__}: {reason}'
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
