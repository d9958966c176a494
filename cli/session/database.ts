// SCRATCH until the database tasks land
export const databasePorts = (_: unknown): any => ({
  tasks: { run: async () => ({ exitCode: 0 }), list: async () => [] },
});
