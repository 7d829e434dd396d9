# One target a room, and the layering between rooms.
#
# All includes are written from the root ("sim/time.hpp"), yet no target gets the root as an include
# directory: each sees a *view*, a directory of the build tree with one symbolic link, to its own
# room, and through its links the views of the rooms below it. An include across layers does not
# compile. Of sim, analysis sees only the headers of SIBYL_HISTORY_HEADERS.

set(SIBYL_VIEWS "${PROJECT_BINARY_DIR}/include")
set(SIBYL_HISTORY_HEADERS ids.hpp notes.hpp time.hpp trace.hpp value.hpp)

configure_file("${PROJECT_SOURCE_DIR}/cmake/sibyl_version.hpp.in"
  "${SIBYL_VIEWS}/sim/sibyl_version.hpp" @ONLY)

# Links `<view>/<path>` to `<source tree>/<path>`.
function(sibyl_view view path)
  get_filename_component(folder "${SIBYL_VIEWS}/${view}/${path}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${path}" "${SIBYL_VIEWS}/${view}/${path}" SYMBOLIC)
endfunction()

foreach(room sim protocols analysis scenarios cli tests)
  sibyl_view(${room} ${room})
endforeach()
foreach(header ${SIBYL_HISTORY_HEADERS})
  sibyl_view(history sim/${header})
endforeach()

# Compile options that every target of this repository has, and no consumer.
function(sibyl_options target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(SIBYL_DEVELOPER)
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    # False positives of these versions on optimised std::string and std::vector code. Some are
    # there without -Wall.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized
      -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
  # Messages and debuggers see the source tree, not the views.
  target_compile_options(${target} PRIVATE "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
  foreach(view sim protocols analysis scenarios cli tests history)
    target_compile_options(${target} PRIVATE
      "-fmacro-prefix-map=${SIBYL_VIEWS}/${view}/="
      "-fdebug-prefix-map=${SIBYL_VIEWS}/${view}/=${PROJECT_SOURCE_DIR}/")
  endforeach()
endfunction()

# Sources of a folder except those named; where there are none, an empty one, so that the target
# exists.
function(sibyl_sources variable folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*.cpp")
  list(REMOVE_ITEM sources ${ARGN})
  if(NOT sources)
    get_filename_component(name "${folder}" NAME)
    set(sources "${PROJECT_BINARY_DIR}/generated/empty_${name}.cpp")
    file(CONFIGURE OUTPUT "${sources}" CONTENT "// An empty room.\n")
  endif()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# sibyl_room(<room>): the static library sibyl_<room>, alias sibyl::<room>, of this folder.
function(sibyl_room room)
  sibyl_sources(sources "${CMAKE_CURRENT_SOURCE_DIR}")
  add_library(sibyl_${room} STATIC ${sources})
  add_library(sibyl::${room} ALIAS sibyl_${room})
  set_target_properties(sibyl_${room} PROPERTIES EXPORT_NAME ${room})
  target_compile_features(sibyl_${room} PUBLIC cxx_std_20)
  target_include_directories(sibyl_${room} PUBLIC
    $<BUILD_INTERFACE:${SIBYL_VIEWS}/${room}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/sibyl>)
  # A fused multiply-add rounds differently: the same numbers need the same instructions everywhere.
  target_compile_options(sibyl_${room} PUBLIC -ffp-contract=off)
  target_link_libraries(sibyl_${room} PUBLIC fmt::fmt)
  sibyl_options(sibyl_${room})
endfunction()

# sibyl_embed(<target> <file> <name>): "sibyl_embedded/<name>.hpp" for the target's own sources,
# with the file's text as the string_view sibyl::embedded::<name>. Follows changes of the file.
function(sibyl_embed target file name)
  set(header "${PROJECT_BINARY_DIR}/generated/${target}/sibyl_embedded/${name}.hpp")
  add_custom_command(OUTPUT "${header}"
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${file}" "-DOUTPUT=${header}" "-DNAME=${name}"
      -P "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
    COMMENT "Embedding ${name}" VERBATIM)
  target_sources(${target} PRIVATE "${header}")
  target_include_directories(${target} PRIVATE
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated/${target}>)
endfunction()
