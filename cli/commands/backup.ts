export const backups: any[] = [];
