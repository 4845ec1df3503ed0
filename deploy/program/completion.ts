/** Completion scripts, written from the tree of commands. */
import { Argument, Command, type Option } from 'commander';
import { TOPICS } from '#topics/catalog.ts';
import { topicName } from '#topics/command-line.ts';
import { describeProgram } from './build-program.ts';

const HELP = `
  bash:  source <(tributary completion bash)      in ~/.bashrc
  zsh:   source <(tributary completion zsh)       in ~/.zshrc, after compinit
`;

export function completionCommand(): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'bash or zsh').choices(['bash', 'zsh']))
    .addHelpText('after', HELP)
    .action(async (shell: 'bash' | 'zsh') => {
      process.stdout.write(completionScript(await describeProgram(), shell));
    });
}

/** Returns a script that completes the commands, options and known values of the program. */
export function completionScript(program: Command, shell: 'bash' | 'zsh'): string {
  const branches = wordsByPath(program)
    .map(({ path, words }) => `    ${quote(path)}) echo ${quote(words.join(' '))} ;;`)
    .join('\n');
  const values = valuesByOption(program)
    .map(({ option, words }) => `    ${option}) echo ${quote(words.join(' '))} ;;`)
    .join('\n');
  const start = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
  return `# Completion of tributary for ${shell}, written by: tributary completion ${shell}
${start}_tributary_words() {
  case "$1" in
${branches}
    *) return 1 ;;
  esac
}
_tributary_values() {
  case "$1" in
${values}
    *) return 1 ;;
  esac
}
_tributary() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="" place
  local values
  if values="$(_tributary_values "$before")"; then
    COMPREPLY=( $(compgen -W "$values" -- "$current") )
    return
  fi
  for (( place = 1; place < COMP_CWORD; place++ )); do
    _tributary_words "\${path:+$path }\${COMP_WORDS[place]}" > /dev/null && path="\${path:+$path }\${COMP_WORDS[place]}"
  done
  COMPREPLY=( $(compgen -W "$(_tributary_words "$path")" -- "$current") )
}
complete -o default -F _tributary tributary
`;
}

function wordsByPath(command: Command, path = ''): Array<{ path: string; words: string[] }> {
  const words = [
    ...command.commands.map((part) => part.name()),
    ...command.options.flatMap(({ long }) => long ?? []),
    ...command.registeredArguments.flatMap(valuesOf),
    '--help',
  ];
  const below = command.commands.flatMap((part) =>
    wordsByPath(part, path === '' ? part.name() : `${path} ${part.name()}`),
  );
  return [{ path, words }, ...below];
}

function valuesByOption(command: Command): Array<{ option: string; words: readonly string[] }> {
  const found = new Map<string, readonly string[]>();
  const visit = (part: Command): void => {
    for (const option of part.options) {
      const words = valuesOf(option);
      if (option.long && words.length > 0) found.set(option.long, words);
    }
    part.commands.forEach(visit);
  };
  visit(command);
  return [...found].map(([option, words]) => ({ option, words }));
}

function valuesOf({ argChoices, parseArg }: Argument | Option): readonly string[] {
  if ((parseArg as unknown) === topicName) return TOPICS.map(({ name }) => name);
  return argChoices ?? [];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
