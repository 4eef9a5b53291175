import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ErrorEntry } from '../../src/errors/error-entry.ts';
import { ERRORS, EXIT, type ErrorCode } from '../../src/errors/registry.ts';

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0] ?? '', section]),
);
const codes = Object.keys(ERRORS) as ErrorCode[];

describe('docs/errors.md', () => {
  it('has every code of the registry, no other, in the same order', () => {
    expect([...sections.keys()]).toEqual(codes);
  });

  it.each(codes)('%s: message and exit code are those of the registry', (code) => {
    const entry: ErrorEntry = ERRORS[code];
    const section = sections.get(code) ?? '';
    expect(section).toContain(`\n\`\`\`text\n${entry.message}\n\`\`\`\n`);
    expect(section).toContain(`\nExit code ${EXIT[entry.exit]} (${entry.exit}).`);
  });

  it.each(codes)('%s: says what it means and what to do', (code) => {
    const paragraphs = (sections.get(code) ?? '')
      .split('\n\n')
      .filter((part) => /^[A-Z`"]/.test(part) && !part.startsWith('Exit code') && !part.startsWith('LB_ERR'));
    expect(paragraphs.length).toBeGreaterThanOrEqual(1);
    expect(sections.get(code)).toContain('**What to do:**');
  });
});

describe('the registry', () => {
  it.each(codes)('%s is worded like all others', (code) => {
    const entry: ErrorEntry = ERRORS[code];
    expect(code).toMatch(/^LB_ERR_[A-Z_]+$/);
    expect(entry.message).not.toMatch(/[.!]$/);
    expect(entry.http).toBeGreaterThanOrEqual(400);
    expect(entry.exit).not.toBe('ok');
  });
});
