import type { Transporter } from 'nodemailer';
import type { Message } from '../../ports/supply.ts';
import { plainText, type Destination } from './render.ts';

/** Where mail is handed in, and by whom. */
export interface Mailbox {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** The server that the documents name for a plain user name: mail with a password of its own, TLS from the start. */
const USUAL_SERVER = 'smtp.gmail.com:465';

/**
 * The address is an SMTP URL (`smtps://user:password@mail.example:465?from=releases@example.com`), or a user name,
 * whose password is then needed beside it. The channel lists recipients, separated by commas; without one it goes to
 * the user's own address. Throws where something is missing.
 */
export const mailboxOf = ({ address, channel }: Destination, password: string | undefined): Mailbox => {
  const url = address.includes('://') ? new URL(address) : urlOf(address, password);
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:')
    throw new Error(`mail is handed in by smtp:// or smtps://, not by ${url.protocol}//`);
  const user = decodeURIComponent(url.username);
  const from = url.searchParams.get('from') ?? (user.includes('@') ? user : `sluice@${url.hostname}`);
  url.searchParams.delete('from');
  const to = (channel ?? (user.includes('@') ? user : ''))
    .split(',')
    .map((a) => a.trim())
    .filter((a) => a !== '');
  if (to.length === 0)
    throw new Error('nobody is named to write to: set `channel` to one address or several');
  return { url: url.href, from, to };
};

const urlOf = (user: string, password: string | undefined): URL => {
  if (password === undefined)
    throw new Error('a user name alone cannot hand in mail: keep its password as EMAIL_PASSWORD');
  return new URL(`smtps://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${USUAL_SERVER}`);
};

/** Hands a message in. Rejects with what the server said. */
export const sendMail = async (
  message: Message,
  { url, from, to }: Mailbox,
  timeoutMs: number,
): Promise<void> => {
  const { createTransport } = await import('nodemailer');
  const transport: Transporter = createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: message.title,
      text: plainText(message),
      ...(message.urgent === true ? { priority: 'high' as const } : {}),
      headers: { 'X-Sluice-Event': message.event },
    });
  } finally {
    transport.close();
  }
};
