/** The first words of everything that is exported. */
export const HEADER_MARK = '# Written by: ';

/** How a file was made. Without a time, so that the same definition gives the same file. */
export const headerOf = (command: string): string => `${HEADER_MARK}${command}\n# To change it, change the definition and run that again.\n`;
