# Tells find_package whether this IREE suits: every version that is not older than the one asked
# for does, if it is for the system that is built for.

set(PACKAGE_VERSION "@DIST_VERSION_NUMERIC@")

if(NOT PACKAGE_FIND_VERSION OR PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_VERSION VERSION_EQUAL "${PACKAGE_FIND_VERSION}")
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
if(PACKAGE_FIND_VERSION_RANGE AND (
    (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "INCLUDE"
     AND PACKAGE_VERSION VERSION_GREATER PACKAGE_FIND_VERSION_MAX)
    OR (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "EXCLUDE"
        AND PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION_MAX)))
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
endif()

set(_iree_systems_linux Linux)
set(_iree_systems_macos Darwin)
set(_iree_systems_windows Windows)
string(REGEX REPLACE "-.*" "" _iree_system "@DIST_PLATFORM@")
if(CMAKE_SYSTEM_NAME AND NOT CMAKE_SYSTEM_NAME STREQUAL _iree_systems_${_iree_system})
  set(PACKAGE_VERSION "${PACKAGE_VERSION} (for @DIST_PLATFORM@)")
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
elseif(CMAKE_SIZEOF_VOID_P AND NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(PACKAGE_VERSION "${PACKAGE_VERSION} (64 bit)")
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
endif()
unset(_iree_system)
unset(_iree_systems_linux)
unset(_iree_systems_macos)
unset(_iree_systems_windows)
