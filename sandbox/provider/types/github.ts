import type { CheckFailure, Props } from '../contract.ts';
import { inRange } from '../check.ts';
import { NO_ACTIONS, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { list, object, objects, text } from '../values.ts';
import { GithubPlace } from './github-place.ts';
import { value as githubValue } from './github-values.ts';

/** GitHub's types: they keep state, and refuse what GitHub would refuse. None of them asks AWS for anything. */

const REVIEWERS = 6;
const WAIT_MINUTES = 43_200;
const ENVIRONMENT_NAME = 255;

const number = (ids: Identity): number => Number.parseInt(ids.hex(7), 16) + 1;
const fail = (property: string, reason: string): CheckFailure => ({ property, reason });

const repository = (ids: Identity): Handler => ({
  actions: NO_ACTIONS,
  autoName: { property: 'name', max: 100 },
  replaces: ['name'],
  validate: (inputs) => {
    const visibility = text(inputs, 'visibility');
    return visibility === undefined || ['public', 'private', 'internal'].includes(visibility)
      ? []
      : [fail('visibility', `'${visibility}' is not public, private or internal`)];
  },
  create: (inputs) => {
    const name = text(inputs, 'name') ?? '';
    const fullName = `sandbox/${name}`;
    return {
      id: name,
      outputs: {
        defaultBranch: 'main',
        ...inputs,
        fullName,
        nodeId: `R_${ids.hex(10)}`,
        repoId: number(ids),
        htmlUrl: `https://github.com/${fullName}`,
      },
    };
  },
});

/** Users and teams of one environment, all lists together. */
const reviewersOf = (inputs: Props): number =>
  objects(inputs, 'reviewers').reduce((sum, r) => sum + list(r, 'users').length + list(r, 'teams').length, 0);

const environment = (place: GithubPlace, ids: Identity): Handler => ({
  actions: NO_ACTIONS,
  required: ['repository', 'environment'],
  replaces: ['repository', 'environment'],
  validate: (inputs) => {
    const name = text(inputs, 'environment');
    const policy = object(inputs, 'deploymentBranchPolicy');
    const asked = reviewersOf(inputs);
    return [
      ...(asked > REVIEWERS
        ? [fail('reviewers', `${asked} reviewers: GitHub takes at most ${REVIEWERS}`)]
        : []),
      ...(name !== undefined && (name === '' || name.length > ENVIRONMENT_NAME)
        ? [
            fail(
              'environment',
              `the name has ${name.length} characters: 1 to ${ENVIRONMENT_NAME} are allowed`,
            ),
          ]
        : []),
      ...(typeof inputs['waitTimer'] === 'number'
        ? inRange('waitTimer', inputs['waitTimer'], 0, WAIT_MINUTES)
        : []),
      ...(policy !== undefined && policy['protectedBranches'] === policy['customBranchPolicies']
        ? [fail('deploymentBranchPolicy', 'protectedBranches and customBranchPolicies cannot be the same')]
        : []),
    ];
  },
  create: (inputs) => {
    const repo = text(inputs, 'repository') ?? '';
    const name = text(inputs, 'environment') ?? '';
    place.addEnvironment(repo, name);
    return { id: `${repo}:${name}`, outputs: { ...inputs, repositoryId: number(ids) } };
  },
  delete: ({ outputs }) => {
    place.removeEnvironment(text(outputs, 'repository') ?? '', text(outputs, 'environment') ?? '');
  },
});

const deploymentPolicy = (place: GithubPlace, ids: Identity): Handler => ({
  actions: NO_ACTIONS,
  required: ['repository', 'environment'],
  replaces: ['repository', 'environment'],
  validate: (inputs) => {
    const given = ['branchPattern', 'tagPattern'].filter((key) => inputs[key] !== undefined);
    return given.length === 1
      ? []
      : [fail('branchPattern', 'exactly one of branchPattern and tagPattern is needed')];
  },
  create: (inputs) => {
    const repo = text(inputs, 'repository') ?? '';
    const name = text(inputs, 'environment') ?? '';
    place.needEnvironment(repo, name);
    const policyId = String(number(ids));
    return { id: `${repo}:${name}:${policyId}`, outputs: { ...inputs, policyId } };
  },
});

const ruleset = (place: GithubPlace, ids: Identity): Handler => ({
  actions: NO_ACTIONS,
  autoName: { property: 'name', max: 100 },
  required: ['repository', 'enforcement', 'target', 'rules'],
  replaces: ['repository', 'target'],
  validate: (inputs) => {
    const enforcement = text(inputs, 'enforcement');
    const target = text(inputs, 'target');
    const rules = object(inputs, 'rules') ?? {};
    const checks = object(rules, 'requiredStatusChecks');
    return [
      ...(enforcement === undefined || ['active', 'evaluate', 'disabled'].includes(enforcement)
        ? []
        : [fail('enforcement', `'${enforcement}' is not active, evaluate or disabled`)]),
      ...(target === undefined || ['branch', 'tag', 'push'].includes(target)
        ? []
        : [fail('target', `'${target}' is not branch, tag or push`)]),
      ...(target === 'tag' && (rules['pullRequest'] !== undefined || checks !== undefined)
        ? [fail('rules', 'pull requests and status checks are rules of branches')]
        : []),
      ...(checks !== undefined && list(checks, 'requiredChecks').length === 0
        ? [fail('rules', 'requiredStatusChecks names no check')]
        : []),
    ];
  },
  create: (inputs) => {
    const id = String(number(ids));
    place.setRules(text(inputs, 'repository') ?? '', id, inputs);
    return {
      id,
      outputs: { ...inputs, rulesetId: Number(id), nodeId: `RRS_${ids.hex(10)}`, etag: ids.hex(16) },
    };
  },
  update: (news, { id, olds }) => {
    place.setRules(text(news, 'repository') ?? '', id, news);
    return { ...olds, ...news };
  },
  delete: ({ id, outputs }) => place.dropRules(text(outputs, 'repository') ?? '', id),
});

const file = (place: GithubPlace, ids: Identity): Handler => {
  const push = (inputs: Props): Props => {
    place.push(text(inputs, 'repository') ?? '', text(inputs, 'branch'));
    return {
      sha: ids.hex(40),
      commitSha: ids.hex(40),
      ref: `refs/heads/${text(inputs, 'branch') ?? 'main'}`,
    };
  };
  return {
    actions: NO_ACTIONS,
    required: ['repository', 'file', 'content'],
    replaces: ['repository', 'file', 'branch'],
    create: (inputs) => ({
      id: `${text(inputs, 'repository') ?? ''}/${text(inputs, 'file') ?? ''}`,
      outputs: { ...inputs, ...push(inputs) },
    }),
    update: (news, { olds }) => ({ ...olds, ...news, ...push(news) }),
  };
};

/** Handlers of GitHub's types; one repository's environments and rules are known to all of them. */
export const githubHandlers = (ids: Identity): [string, Handler][] => {
  const place = new GithubPlace();
  return [
    ['github:index/repository:Repository', repository(ids)],
    ['github:index/repositoryEnvironment:RepositoryEnvironment', environment(place, ids)],
    [
      'github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy',
      deploymentPolicy(place, ids),
    ],
    ['github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret', githubValue(place, 'secret')],
    ['github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable', githubValue(place, 'variable')],
    ['github:index/repositoryRuleset:RepositoryRuleset', ruleset(place, ids)],
    ['github:index/repositoryFile:RepositoryFile', file(place, ids)],
  ];
};
