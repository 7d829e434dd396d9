# Install rules: the program, the libraries as sibyl::<room>, their headers below include/sibyl, the
# scenario files, and the package configuration for find_package(sibyl).
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/sibyl")
set(rooms sim protocols analysis scenarios)

foreach(room ${rooms})
  install(TARGETS sibyl_${room} EXPORT sibylTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${room}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sibyl"
    FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(TARGETS sibyl_verbs EXPORT sibylTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/cli/program.hpp"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sibyl/cli")
install(FILES "${SIBYL_VIEWS}/sim/sibyl_version.hpp"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sibyl")
if(TARGET sibyl_cli)
  install(TARGETS sibyl_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/scenarios/"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/sibyl/scenarios"
  FILES_MATCHING PATTERN "*.json")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/sibyl")

install(EXPORT sibylTargets NAMESPACE sibyl:: DESTINATION "${package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/sibylConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/generated/sibylConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/generated/sibylConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/generated/sibylConfig.cmake"
  "${PROJECT_BINARY_DIR}/generated/sibylConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindMETIS.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindSibylZstd.cmake"
  DESTINATION "${package_dir}")
