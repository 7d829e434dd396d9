// sibyl with one more protocol: every verb works on its scenarios.
#include "cli/program.hpp"
#include "ping_pong.hpp"

int main(int argc, char** argv) {
  sibyl::register_protocol(ping_pong::protocol());
  return sibyl::cli::program_main(argc, argv);
}
