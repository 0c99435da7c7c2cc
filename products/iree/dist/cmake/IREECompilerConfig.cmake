# IREE's compiler library, for find_package(IREECompiler CONFIG).
#
# Defines the imported target IREE::Compiler, with the C interface of
# iree/compiler/embedding_api.h, and these variables:
#
#   IREECompiler_VERSION_FULL      the version as IREE says it, such as 3.13.0rc20261016, of which
#                                  IREECompiler_VERSION has the numbers
#   IREECompiler_TOOLS_DIR         the folder of iree-compile, iree-run-module and the other tools
#
# All paths are found from this file, so the tree may be moved.

set(IREECompiler_VERSION_FULL "@DIST_VERSION@")

get_filename_component(_iree_root "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(IREECompiler_TOOLS_DIR "${_iree_root}/bin")

if(NOT TARGET IREE::Compiler)
  add_library(IREE::Compiler SHARED IMPORTED)
  set_target_properties(
    IREE::Compiler PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${_iree_root}/include"
  )
  if("@DIST_PLATFORM@" MATCHES "^windows")
    # Linkers for Windows want an import library. Each toolchain can make its own from the list of
    # the functions, with the program at hand.
    set(_iree_def "${_iree_root}/lib/IREECompiler.def")
    set(_iree_implib "${CMAKE_CURRENT_BINARY_DIR}/IREECompiler.lib")
    if(MSVC)
      set(_iree_command "${CMAKE_AR}" /nologo "/def:${_iree_def}" "/out:${_iree_implib}" /machine:x64)
    else()
      find_program(IREECompiler_DLLTOOL NAMES "${CMAKE_DLLTOOL}" llvm-dlltool dlltool)
      set(_iree_command "${IREECompiler_DLLTOOL}" -m i386:x86-64 -d "${_iree_def}" -l
                        "${_iree_implib}")
    endif()
    execute_process(
      COMMAND ${_iree_command}
      RESULT_VARIABLE _iree_result
      OUTPUT_VARIABLE _iree_output
      ERROR_VARIABLE _iree_output
    )
    if(NOT _iree_result EQUAL 0)
      set(IREECompiler_FOUND FALSE)
      string(REPLACE ";" " " _iree_command "${_iree_command}")
      set(IREECompiler_NOT_FOUND_MESSAGE
          "The import library of IREECompiler.dll could not be made by: ${_iree_command}\n${_iree_output}"
      )
    endif()
    set_target_properties(
      IREE::Compiler PROPERTIES IMPORTED_LOCATION "${_iree_root}/bin/IREECompiler.dll"
                                IMPORTED_IMPLIB "${_iree_implib}"
    )
    unset(_iree_command)
    unset(_iree_def)
    unset(_iree_implib)
    unset(_iree_output)
    unset(_iree_result)
  elseif("@DIST_PLATFORM@" MATCHES "^macos")
    set_target_properties(
      IREE::Compiler PROPERTIES IMPORTED_LOCATION "${_iree_root}/lib/libIREECompiler.dylib"
                                IMPORTED_SONAME "@rpath/libIREECompiler.dylib"
    )
  else()
    set_target_properties(
      IREE::Compiler PROPERTIES IMPORTED_LOCATION "${_iree_root}/lib/libIREECompiler.so"
                                IMPORTED_SONAME "libIREECompiler.so"
    )
  endif()
endif()
unset(_iree_root)
