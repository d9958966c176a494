/** `<unix seconds>-<12 hex of the commit>`; 6 to 40 hex digits are accepted when given (requirement A6). */
export const DEPLOYMENT_ID = /^\d{9,11}-[0-9a-f]{6,40}$/;

/** A deployment's id from the time and the commit it deploys. */
export const deploymentId = (nowMs: number, commit: string): string =>
  `${Math.floor(nowMs / 1000)}-${commit.toLowerCase().slice(0, 12).padEnd(12, '0')}`;
