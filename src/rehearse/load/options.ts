export interface LoadOptions {
  /** Where nginx serves the live slot, as the host itself reaches it. */
  address: string;
  port: number;
  /** Path that is asked for. */
  path: string;
  /** Whether the app is vgen's stand-in: then bodies are posted and every answer is compared. */
  standIn: boolean;
  /** How many requests are sent at least. */
  requests: number;
  /** Keep-alive clients, each with one request at a time. */
  clients: number;
  /** Websockets that stay open all the time. */
  websockets: number;
  /** The load ends by itself after this time. */
  seconds: number;
}
