import type { Destination } from './socket.ts';

/** The address and port are where nginx serves the live slot, as the host itself reaches it. */
export interface LoadOptions extends Destination {
  /** Path that is asked for. */
  path: string;
  /** Whether the app is vgen's stand-in: then bodies are posted and every answer is compared. */
  standIn: boolean;
  /** Without requests that nobody may repeat on the way (RFC 9110, 9.2.2): no bodies are posted. */
  idempotent?: boolean | undefined;
  /** How many requests are sent at least. */
  requests: number;
  /** Keep-alive clients, each with one request at a time. */
  clients: number;
  /** Websockets that stay open all the time. */
  websockets: number;
  /** The load ends by itself after this time. */
  seconds: number;
}
