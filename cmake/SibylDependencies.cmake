# The libraries that sibyl stands on: the system's packages first, a pinned download where there is
# none (FetchContent's FIND_PACKAGE_ARGS). Boost and zstd have to be installed.
include(FetchContent)

function(sibyl_need_package name debian)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "sibyl needs ${name}. On Debian: apt-get install ${debian}")
  endif()
endfunction()

find_package(Boost 1.81 QUIET)
sibyl_need_package(Boost libboost1.81-dev)
find_package(SibylZstd QUIET)
sibyl_need_package(SibylZstd libzstd-dev)

# The yardstick of the graph partitioner, and an alternative to it. Nothing needs it.
option(SIBYL_METIS "Use METIS where it is installed" ON)
if(SIBYL_METIS)
  find_package(METIS QUIET)
endif()
if(NOT METIS_FOUND)
  message(STATUS "METIS is not used: sibyl partition --with metis will be missing")
endif()

# sibyl_fetch(<name> <archive's URL> <arguments of find_package...>) provides one library.
macro(sibyl_fetch name url)
  FetchContent_Declare(${name} URL ${url} DOWNLOAD_EXTRACT_TIMESTAMP ON SYSTEM
    FIND_PACKAGE_ARGS ${ARGN})
  FetchContent_MakeAvailable(${name})
  if(NOT ${name}_FOUND AND SIBYL_INSTALL)
    message(STATUS "${name} was downloaded, not found: there will be no install rules")
    set(SIBYL_INSTALL OFF)
  endif()
endmacro()

sibyl_fetch(fmt https://github.com/fmtlib/fmt/archive/refs/tags/9.1.0.tar.gz 9 NAMES fmt)
sibyl_fetch(nlohmann_json
  https://github.com/nlohmann/json/releases/download/v3.11.2/json.tar.xz 3.9)
set(CLI11_SINGLE_FILE OFF)
sibyl_fetch(CLI11 https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.1.2.tar.gz 2)
set(valijson_BUILD_TESTS OFF)
sibyl_fetch(valijson https://github.com/tristanpenman/valijson/archive/refs/tags/v1.0.tar.gz)
if(NOT TARGET valijson)
  add_library(valijson ALIAS ValiJSON::valijson)  # its name since version 1.0.3
endif()
if(SIBYL_BUILD_TESTS)
  sibyl_fetch(doctest https://github.com/doctest/doctest/archive/refs/tags/v2.4.9.tar.gz)
endif()
if(SIBYL_BUILD_BENCH)
  set(BENCHMARK_ENABLE_TESTING OFF)
  sibyl_fetch(benchmark https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz)
endif()
