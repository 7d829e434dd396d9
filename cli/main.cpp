// The program sibyl.
#include "cli/program.hpp"

int main(int argc, char** argv) { return sibyl::cli::program_main(argc, argv); }
