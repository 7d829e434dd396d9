# Finds libzstd as sibyl::zstd, with or without a package configuration of its own.
find_path(SIBYL_ZSTD_INCLUDE_DIR zstd.h)
find_library(SIBYL_ZSTD_LIBRARY zstd)
mark_as_advanced(SIBYL_ZSTD_INCLUDE_DIR SIBYL_ZSTD_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SibylZstd
  REQUIRED_VARS SIBYL_ZSTD_LIBRARY SIBYL_ZSTD_INCLUDE_DIR)

if(SibylZstd_FOUND AND NOT TARGET sibyl::zstd)
  add_library(sibyl::zstd UNKNOWN IMPORTED)
  set_target_properties(sibyl::zstd PROPERTIES
    IMPORTED_LOCATION "${SIBYL_ZSTD_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${SIBYL_ZSTD_INCLUDE_DIR}")
endif()
