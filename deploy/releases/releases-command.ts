/** `npm run releases` and `tributary releases`: the commands to decide which generation is served. */
import { Command } from 'commander';
import { runCommand } from '#topics/command.ts';
import {
  activateGeneration,
  listReleases,
  type OutputFlags,
  retireGeneration,
  rollBack,
  showRelease,
} from './commands.ts';

const HELP = `
Connection:
  KAFKA_BROKERS, SCHEMA_REGISTRY_URL and TRIBUTARY_NAMESPACE say which cluster is meant.
  Without KAFKA_BROKERS it is the running demo, and without a demo localhost:9092 and localhost:8081.

States:
  building  is being trained            active    is served
  ready     is served when it is built  retired   was served, can be again while the log holds its embeddings
  rejected  failed its gate, never serves
`;

export function releasesCommand(): Command {
  const program = new Command('releases')
    .description('Shows the generations of embeddings and selects the served one.')
    .addHelpText('after', HELP);

  program
    .command('list')
    .description('show all generations, the newest first')
    .option('--json', 'one JSON object a line')
    .action((flags: OutputFlags) => runCommand((context) => listReleases(context, flags)));

  program
    .command('show')
    .description('show a generation with its figures and model card')
    .argument('<generation>')
    .option('--json', 'one JSON object')
    .action((generation: string, flags: OutputFlags) =>
      runCommand((context) => showRelease(context, generation, flags)),
    );

  program
    .command('activate')
    .description('serve that generation; all readers flip to it together')
    .argument('<generation>')
    .option('--json', 'one JSON object, when the index has flipped')
    .action((generation: string, flags: OutputFlags) =>
      runCommand((context) => activateGeneration(context, generation, flags)),
    );

  program
    .command('rollback')
    .description('serve the generation before the active one again')
    .option('--json', 'one JSON object, when the index has flipped')
    .action((flags: OutputFlags) => runCommand((context) => rollBack(context, flags)));

  program
    .command('retire')
    .description('prevent a ready generation from being served')
    .argument('<generation>')
    .option('--json', 'one JSON object')
    .action((generation: string, flags: OutputFlags) =>
      runCommand((context) => retireGeneration(context, generation, flags)),
    );

  return program;
}
