/** What users are told while an application is closed. Pure. */

/** `sluice:app.maintenance`. */
export interface MaintenanceSettings {
  /** One sentence for the page. */
  readonly message: string;
  /** When browsers and clients are asked to come again, ms. */
  readonly retryAfter: number;
}

/** Whole seconds, as the header `Retry-After` has them. */
export const retryAfterSeconds = ({ retryAfter }: MaintenanceSettings): number =>
  Math.max(1, Math.ceil(retryAfter / 1000));

/**
 * The page, one line. Load balancers of AWS set no headers of ours, so it asks browsers to come again itself. It has
 * neither quotes nor dollars: it stands inside a quoted text of nginx.
 */
export const closedPage = (settings: MaintenanceSettings): string =>
  `<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=${retryAfterSeconds(settings)}>` +
  `<title>Maintenance</title><p>${settings.message}</p>`;
