/** Where a load goes: a plain connection, or one over TLS whose certificate has to be right. */
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

export interface Destination {
  readonly address: string;
  readonly port: number;
  /** What requests name; default the name of the certificate. */
  readonly name?: string | undefined;
  /** The name that the certificate has to have, and the certificates (PEM) that may have issued it; absent: no TLS. */
  readonly tls?: { readonly name: string; readonly ca: string } | undefined;
}

/** What a request says it is for. */
export const hostOf = ({ name, tls }: Destination): string => name ?? tls?.name ?? 'rehearsal';

/**
 * A socket that calls back once it is connected and, with TLS, the certificate is found right; else it has an error.
 */
export function openSocket({ address, port, tls }: Destination, connected: () => void = () => undefined): Socket {
  const socket = tls === undefined ? connect(port, address, connected)
    : connectSecurely(
      { host: address, port, servername: tls.name, ca: tls.ca, ALPNProtocols: ['http/1.1'] }, connected,
    );
  return socket.setNoDelay(true);
}
