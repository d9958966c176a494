import { ci } from './definitions/ci.ts';
import { deployProduction } from './definitions/deploy-production.ts';
import { deployStaging } from './definitions/deploy-staging.ts';
import { preview } from './definitions/preview.ts';
import { rollback } from './definitions/rollback.ts';
import { scheduled } from './definitions/scheduled.ts';
import type { RenderedFile, Workflow } from './model.ts';
import { renderWorkflow } from './render.ts';
import type { WorkflowSettings } from './settings.ts';

export type { RenderedFile, Workflow } from './model.ts';
export type { WorkflowSettings } from './settings.ts';
export { FOLDER } from './render.ts';

/** Every workflow that the configuration asks for, before it is text. */
export const workflowsOf = (settings: WorkflowSettings): readonly Workflow[] =>
  [
    ci(settings),
    preview(settings),
    deployStaging(settings),
    deployProduction(settings),
    rollback(settings),
    ...scheduled(settings),
  ].filter((w) => w !== undefined);

/** The files: from configuration to texts, without a clock, a file or a network. */
export const renderWorkflows = (settings: WorkflowSettings): readonly RenderedFile[] =>
  workflowsOf(settings).map(renderWorkflow);
