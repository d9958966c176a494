import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands/index.ts';
import { untilNames } from '../../release/core/engine/phases.ts';
import { LOG_KINDS, logName } from '../../release/core/records/names.ts';
import { renderWorkflows, workflowsOf } from '../../workflows/files.ts';
import type { Job, Workflow } from '../../workflows/model.ts';
import { FAILURE, phaseJobs } from '../../workflows/phases.ts';
import { PINS } from '../../workflows/pins.ts';
import { renderWorkflow } from '../../workflows/render.ts';
import { configurations, ROOT, settingsWith } from './configurations.ts';

const all = [...configurations()];
/** Rendered once: every test reads the same texts. */
const texts = new Map(all.map(([, settings]) => [settings, renderWorkflows(settings)]));
const fileOf = (name: string, overlay = {}): Workflow => {
  const found = workflowsOf(settingsWith(overlay)).find((w) => w.file === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
const job = (workflow: Workflow, id: string): Job => {
  const found = workflow.jobs[id];
  if (found === undefined) throw new Error(`no job ${id} in ${workflow.file}`);
  return found;
};
const scripts = (of: Job): string => of.steps.map((s) => ('run' in s ? s.run : '')).join('\n');

describe('workflow files of this repository', () => {
  it('are what its configuration says: otherwise run `npx sluice workflows render`', () => {
    for (const { path, text } of renderWorkflows(settingsWith())) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      expect(readFileSync(join(ROOT, path), 'utf8'), path).toBe(text);
    }
  });

  it('are the same bytes every time, and YAML that says what the model says', () => {
    const settings = settingsWith();
    expect(renderWorkflows(settings)).toEqual(renderWorkflows(settings));
    const workflows = workflowsOf(settings);
    for (const [n, { text }] of renderWorkflows(settings).entries()) {
      const read = parse(text) as { jobs: Record<string, { steps: unknown[] }> };
      expect(Object.keys(read.jobs)).toEqual(Object.keys(workflows[n]?.jobs ?? {}));
    }
  });

  it('are rendered within 50 ms once the program has started', () => {
    const settings = settingsWith();
    renderWorkflows(settings);
    const took = [1, 2, 3, 4, 5].map(() => {
      // Processor time: what else the machine does is not the point.
      const before = process.threadCpuUsage();
      renderWorkflows(settings);
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1_000;
    });
    expect(Math.min(...took)).toBeLessThanOrEqual(50);
  });
});

describe('pins', () => {
  it('are commits with the release beside them, in every file', () => {
    for (const pin of Object.values(PINS)) {
      expect(pin.commit).toMatch(/^[0-9a-f]{40}$/);
      expect(pin.version).toMatch(/^v\d+\.\d+\.\d+$/);
    }
    for (const [, settings] of all)
      for (const { text } of texts.get(settings) ?? [])
        for (const line of text.split('\n').filter((l) => l.trimStart().startsWith('uses:')))
          expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

describe.each(all)('%s', (_name, settings) => {
  const workflows = workflowsOf(settings);
  const jobs = workflows.flatMap((w) => Object.values(w.jobs));

  it('gives every job a time limit within GitHub’s, the fixed runner and rights with their reason', () => {
    for (const file of texts.get(settings) ?? []) {
      expect(file.text).toContain('\npermissions: {}\n');
      const runners = file.text.match(/^ {4}runs-on: .*$/gm) ?? [];
      expect(new Set(runners)).toEqual(new Set(['    runs-on: ubuntu-24.04']));
      expect(file.text.match(/^ {4}permissions:/gm)).toHaveLength(runners.length);
    }
    for (const each of jobs) {
      expect(each['timeout-minutes']).toBeGreaterThanOrEqual(1);
      expect(each['timeout-minutes']).toBeLessThanOrEqual(360);
    }
  });

  it('lets secrets into jobs with an environment only, and identities where a role is taken only', () => {
    for (const each of jobs) {
      const text = JSON.stringify(each);
      if (text.includes('secrets.')) expect(each.environment, each.name).toBeDefined();
      const takes = each.steps.some((s) => 'uses' in s && s.uses === 'aws-actions/configure-aws-credentials');
      expect(each.permissions['id-token'] !== undefined, each.name).toBe(takes);
      expect(text).not.toContain('secrets: inherit');
    }
  });

  it('hands values of events and inputs to scripts by env alone', () => {
    for (const each of jobs) expect(scripts(each)).not.toContain('${{');
  });

  it('checks out without leaving the token behind, and uses no cache in releases', () => {
    for (const step of jobs.flatMap((j) => j.steps)) {
      if (!('uses' in step)) continue;
      if (step.uses === 'actions/checkout') expect(step.with).toMatchObject({ 'persist-credentials': false });
      if (step.uses === 'actions/setup-node')
        expect(step.with).toMatchObject({ 'package-manager-cache': false });
    }
  });

  it('asks for phases that the engine has, and keeps logs under the names that it writes', () => {
    for (const app of Object.values(settings.apps)) {
      const known = [...untilNames(app), FAILURE];
      const names = LOG_KINDS.map((kind) => logName(kind, 'X', app.rollout).replace('-X', ''));
      for (const { phase, logs } of phaseJobs(app)) {
        expect(known).toContain(phase);
        for (const log of logs) expect(names).toContain(log);
      }
    }
  });

  it('watches every job of a release from its failure handler', () => {
    for (const workflow of workflows.filter((w) => w.file.startsWith('deploy-'))) {
      for (const [id, handler] of Object.entries(workflow.jobs).filter(([i]) => i.endsWith('failure'))) {
        const prefix = id.slice(0, -'failure'.length);
        const watched = Object.keys(workflow.jobs).filter(
          (other) =>
            other !== id &&
            (job(workflow, other).needs ?? []).includes(`${prefix}preflight`) &&
            other.startsWith(prefix),
        );
        expect(watched.length).toBeGreaterThan(1);
        expect(handler.needs).toEqual(
          expect.arrayContaining(watched.filter((w) => prefix !== '' || !w.startsWith('production-'))),
        );
        expect(handler.if).toContain('failure()');
      }
    }
  });

  it('never drops a release that waits, and lets no release hold a rollback up', () => {
    const groups = new Map(workflows.map((w) => [w.file, w.concurrency]));
    for (const workflow of workflows.filter((w) => w.file.startsWith('deploy-'))) {
      const queues = [workflow.concurrency, ...Object.values(workflow.jobs).map((j) => j.concurrency)].filter(
        (c) => c !== undefined,
      );
      expect(queues.some((q) => q.queue === 'max')).toBe(true);
      for (const q of queues) expect(q['cancel-in-progress']).toBe(false);
    }
    expect(groups.get('rollback.yml')?.group).toMatch(/^rollback-/);
  });
});

describe('what configuration chooses', () => {
  it('triggers of staging: push, another workflow, paths, pull requests from here', () => {
    expect(fileOf('deploy-staging.yml').on.push).toEqual({ branches: ['main'] });
    const bot = fileOf('deploy-staging.yml', {
      github: {
        triggers: {
          staging: {
            push: ['develop'],
            paths: ['docker-compose.yml'],
            afterWorkflow: { name: 'CI', branches: ['develop'] },
          },
        },
      },
    });
    expect(bot.on.push).toEqual({ branches: ['develop'], paths: ['docker-compose.yml'] });
    expect(bot.on.workflow_run?.workflows).toEqual(['CI']);
    expect(job(bot, 'preflight').if).toContain("conclusion == 'success'");
    // GitHub runs it on the default branch: every job takes the commit that CI passed on.
    for (const [id, { steps }] of Object.entries(bot.jobs)) {
      const taken = steps.find((s) => 'uses' in s && s.uses.startsWith('actions/checkout'));
      expect(taken, id).toMatchObject({
        with: { ref: '${{ github.event.workflow_run.head_sha || github.sha }}' },
      });
    }
    // What CI passed on develop never goes on to production, although the run is one of main.
    const both = fileOf('deploy-staging.yml', {
      github: {
        triggers: {
          staging: { afterWorkflow: { name: 'CI', branches: ['develop', 'main'] } },
          production: { afterStaging: true },
        },
      },
    });
    expect(job(both, 'production-preflight').if).toBe(
      "((github.ref == 'refs/heads/main' && github.event_name != 'pull_request' && github.event_name != 'workflow_run') || github.event.workflow_run.head_branch == 'main')",
    );
    const pulls = fileOf('deploy-staging.yml', {
      github: { triggers: { staging: { pullRequest: ['main'] } } },
    });
    expect(job(pulls, 'preflight').if).toContain('head.repo.full_name == github.repository');
    for (const each of [bot, pulls])
      expect(Object.keys(each.on.workflow_dispatch?.inputs ?? {})).toEqual(
        expect.arrayContaining(['force_deploy', 'rollback_version']),
      );
  });

  it('a rollback offers to undo migrations where a command is configured that does', () => {
    const plain = fileOf('rollback.yml');
    expect(plain.on.workflow_dispatch?.inputs).not.toHaveProperty('revert_migrations');
    expect(scripts(job(plain, 'production'))).not.toContain('--revert-migrations');
    const undoes = fileOf('rollback.yml', {
      production: { database: { migrations: { back: 'npx dbmate rollback' } } },
    });
    expect(undoes.on.workflow_dispatch?.inputs?.['revert_migrations']).toMatchObject({ default: false });
    // Where there is none, the command itself refuses and says so.
    for (const id of ['staging', 'production'])
      expect(scripts(job(undoes, id))).toContain('${REVERT:+--revert-migrations}');
  });

  it('who is asked: GitHub’s reviewers, sluice approve, or nobody', () => {
    const byGithub = fileOf('deploy-production.yml');
    expect(job(byGithub, 'approval').environment?.name).toBe('production-approval');
    expect(job(byGithub, 'approval').permissions).toEqual({});
    expect(job(byGithub, 'backup').needs).toContain('approval');
    expect(scripts(job(byGithub, 'preflight'))).toContain('sluice.js preview');
    expect(byGithub.jobs['approved']).toBeUndefined();
    const bySluice = fileOf('deploy-production.yml', {
      github: { repository: { plan: 'team' } },
      production: { approval: { when: 'first', reviewers: ['release'] } },
    });
    expect(scripts(job(bySluice, 'approval'))).toContain('--phase=approval');
    expect(job(bySluice, 'approval').permissions).not.toHaveProperty('actions');
    expect(bySluice.jobs['approved']).toBeUndefined();
    const nobody = fileOf('deploy-production.yml', {
      github: { environments: { 'production-approval': { reviewers: [] } } },
    });
    expect(nobody.jobs['approval']).toBeUndefined();
    // Every job that names a reviewed environment would ask again.
    for (const each of Object.values(byGithub.jobs))
      if (each.environment?.name === 'production-approval') expect(each).toBe(byGithub.jobs['approval']);
  });

  it('a deployment that waits takes the review over in a job of its own, before anything is changed', () => {
    const both = fileOf('deploy-production.yml', {
      production: { approval: { when: 'first', reviewers: ['grace'], timeout: '2 hours' } },
    });
    expect(job(both, 'approval').permissions).toEqual({});
    const approved = job(both, 'approved');
    expect(approved.needs).toEqual(['preflight', 'approval']);
    expect(scripts(approved)).toContain('--phase=approval');
    expect(Object.keys(approved.permissions)).toEqual(['contents', 'id-token', 'actions']);
    expect(approved.permissions.actions?.access).toBe('read');
    expect(approved.environment?.name).toBe('production');
    expect(approved.steps.find((s) => 'run' in s && s.run.includes('--phase'))?.env).toHaveProperty(
      'GITHUB_TOKEN',
    );
    expect(approved['timeout-minutes']).toBeGreaterThanOrEqual(120);
    expect(job(both, 'backup').needs).toEqual(['preflight', 'approved']);
    expect(job(both, 'failure').needs).toContain('approved');
  });

  it('production in the same run after staging, on the default branch alone', () => {
    const one = fileOf('deploy-staging.yml', {
      github: { triggers: { production: { afterStaging: true } } },
    });
    expect(job(one, 'production-preflight').needs).toEqual(['preflight', 'record']);
    expect(job(one, 'production-preflight').if).toContain("github.ref == 'refs/heads/main'");
    expect(job(one, 'production-approval').needs).toEqual(['production-preflight']);
    expect(job(one, 'production-canary').concurrency?.group).toBe('deploy-production');
  });

  it('checks inside the pipeline come first; nothing changes when one fails', () => {
    const settings = { mode: 'run', level: 'enhanced', required: [], commands: { lint: 'npm run lint' } };
    const inside = fileOf('deploy-production.yml', { production: { checks: settings } });
    const first = job(inside, 'preflight').needs ?? [];
    expect(first).toEqual([
      'dependency-audit',
      'dependency-signatures',
      'secret-scan',
      'configuration-review',
      'static-analysis',
    ]);
    for (const id of first)
      expect(job(inside, id).permissions).toEqual({ contents: { access: 'read', why: 'check out' } });
    expect(scripts(job(inside, 'secret-scan'))).toContain('npm run secrets');
    const quick = fileOf('deploy-production.yml', {
      production: { checks: { ...settings, level: 'quick' } },
    });
    expect(job(quick, 'preflight').needs).toEqual([
      'dependency-audit',
      'secret-scan',
      'configuration-review',
    ]);
    expect(job(fileOf('deploy-production.yml'), 'preflight').needs).toBeUndefined();
  });

  it('stages: a job each, in their order; a time limit that waits for evidence', () => {
    const production = fileOf('deploy-production.yml');
    const ids = Object.keys(production.jobs);
    expect(ids).toEqual([
      'preflight',
      'approval',
      'backup',
      'migrate',
      'deploy',
      'canary',
      'progressive',
      'full',
      'smoke',
      'record',
      'failure',
    ]);
    expect(job(production, 'canary').needs).toEqual(['preflight', 'deploy']);
    expect(job(production, 'full')['timeout-minutes']).toBeGreaterThanOrEqual(45);
  });

  it('keeps artifacts as long as GitHub does: a year in private repositories, 90 days in public ones', () => {
    const days = (overlay: object) =>
      fileOf('deploy-production.yml', overlay).jobs['backup']?.steps.flatMap((s) =>
        'uses' in s && s.uses === 'actions/upload-artifact' ? [s.with?.['retention-days']] : [],
      );
    expect(days({})).toEqual([365]);
    expect(days({ github: { repository: { visibility: 'public' } } })).toEqual([90]);
  });
});

describe('a script with an expression in it', () => {
  it('is never rendered, whatever stands around it', () => {
    const base = fileOf('tidy.yml');
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const bad: Workflow = {
          ...base,
          jobs: {
            one: {
              ...job(base, 'production'),
              steps: [{ name: 'x', run: `${before}\${{ github.event.issue.title }}${after}` }],
            },
          },
        };
        expect(() => renderWorkflow(bad)).toThrow('pass it by env');
      }),
    );
  });
});

describe('commands that jobs call', () => {
  const called = new Set(
    all.flatMap(([, settings]) =>
      workflowsOf(settings).flatMap((w) =>
        Object.values(w.jobs).flatMap((j) =>
          [...scripts(j).matchAll(/node cli\/sluice\.js ([^|>\n]+)/g)].map((m) => m[1] ?? ''),
        ),
      ),
    ),
  );

  it.each([...called])('sluice %s: the command and its options are there', (line) => {
    const spec = commands
      .filter((c) => line === c.name || line.startsWith(`${c.name} `))
      .toSorted((a, b) => b.name.length - a.name.length)[0];
    expect(spec, line).toBeDefined();
    const known = (spec?.options ?? []).flatMap((o) => o.flags.match(/--[a-z-]+/g) ?? []);
    for (const option of line.match(/(?<=[ "]|:-|:\+)--[a-z-]+/g) ?? []) expect(known).toContain(option);
  });
});
