// The whole program, for programs that add protocols of their own: register them, then hand over.
#pragma once

namespace sibyl::cli {

/// What main() of `sibyl` does: reads the command line, runs the verb, returns the exit status.
/// Installs handlers for SIGINT, SIGTERM, SIGPIPE and SIGXFSZ. Call it once.
int program_main(int argc, char** argv);

}  // namespace sibyl::cli
