import type { Command } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export const isShell = (word: string): word is Shell => SHELLS.some((shell) => shell === word);

/** What of a command table is completed. */
export interface Completed {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly hidden?: boolean;
  readonly load: () => Promise<Command>;
}

interface Words {
  readonly names: readonly string[];
  readonly summary: string;
  readonly flags: readonly { readonly name: string; readonly description: string }[];
  /** Its operands are apps. */
  readonly takesApps: boolean;
}

/** A script that completes the commands of this table. Only what `lb --help` shows is offered; every name is known. */
export async function completionScript(shell: Shell, table: readonly Completed[]): Promise<string> {
  const visible = table.filter(({ hidden }) => hidden !== true);
  const commands = await Promise.all(visible.map(async (entry) => wordsOf(entry, await entry.load())));
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

function wordsOf({ name, aliases, summary }: Completed, { options, operands }: Command): Words {
  const shown = options.filter(({ hidden }) => hidden !== true);
  const flags = shown.flatMap(({ flags: text, description }) => (text.match(/--[\w-]+/g) ?? []).map((flag) => ({ name: flag, description })));
  return { names: [name, ...aliases], summary, flags: [...flags, { name: '--help', description: 'show the help' }], takesApps: /app|targets/.test(operands) };
}

/** Functions in the language of bash, which zsh understands too. */
function bashScript(commands: readonly Words[]): string {
  const cases = commands.map(({ names, flags, takesApps }) => {
    const apps = takesApps ? '; apps=1' : '';
    return `    ${names.join('|')}) words="${flags.map(({ name }) => name).join(' ')}"${apps} ;;`;
  });
  return `# source <(lb completion bash)
_lb() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" apps=0 IFS=$'\\n'
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ names }) => names[0]).join('\n')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "\${words// /$'\\n'}" -- "$current"))
  else
    [ "$apps" -eq 1 ] && COMPREPLY=($(compgen -W "$(lb completion apps 2>/dev/null)" -- "$current"))
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _lb lb
`;
}

const zshScript = (commands: readonly Words[]): string =>
  `autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands).replace('completion bash', 'completion zsh')}`;

function fishScript(commands: readonly Words[]): string {
  const lines = commands.flatMap(({ names, summary, flags, takesApps }) => {
    const used = `__fish_seen_subcommand_from ${names.join(' ')}`;
    return [
      `complete -c lb -n __fish_use_subcommand -f -a ${names[0]} -d ${quoted(summary)}`,
      ...flags.map(({ name, description }) => `complete -c lb -n ${quoted(used)} -l ${name.slice(2)} -d ${quoted(description)}`),
      ...(takesApps ? [`complete -c lb -n ${quoted(used)} -a '(lb completion apps 2>/dev/null)'`] : []),
    ];
  });
  return `# lb completion fish > ~/.config/fish/completions/lb.fish\n${lines.join('\n')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
