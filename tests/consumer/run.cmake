# Script of the test "consumer": installs the build BUILD into WORK/prefix, then configures, builds
# and runs the project SOURCE against it. CXX, FLAGS and TYPE are those of the build.
function(step what)
  execute_process(COMMAND ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed (${status}):\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
step("The installation" "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
step("Configuring the consumer" "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${WORK}/build" -G Ninja
  "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_CXX_FLAGS=${FLAGS}"
  "-DCMAKE_BUILD_TYPE=${TYPE}" "-DCMAKE_EXPORT_NO_PACKAGE_REGISTRY=ON")
step("Building the consumer" "${CMAKE_COMMAND}" --build "${WORK}/build")

file(STRINGS "${WORK}/build/CMakeCache.txt" found REGEX "^sibyl_DIR:")
if(NOT found MATCHES "${WORK}/prefix")
  message(FATAL_ERROR "The consumer found another sibyl: ${found}")
endif()
step("The consumer" "${WORK}/build/consumer" run "${SOURCE}/ping_pong.json")
step("The consumer's drawing" "${WORK}/build/consumer" view "${SOURCE}/ping_pong.json"
  --only ping-pong -o "${WORK}/ping_pong.svg")
