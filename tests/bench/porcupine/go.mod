// The program that times Porcupine; tests/tables/porcupine.py builds and runs it.
module sibyl/tests/bench/porcupine

go 1.19

require github.com/anishathalye/porcupine v1.3.0
