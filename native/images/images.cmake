# Images in files, read by the host: the same object files for every library that includes this.
find_path(JPEG_INCLUDE_DIR jpeglib.h)
find_library(JPEG_LIBRARY jpeg)
if(NOT JPEG_INCLUDE_DIR OR NOT JPEG_LIBRARY)
  message(FATAL_ERROR "libjpeg-turbo was not found: install it (Debian: libjpeg62-turbo-dev, Ubuntu: "
    "libjpeg-turbo8-dev) or point CMAKE_PREFIX_PATH at it")
endif()
find_path(PNG_INCLUDE_DIR png.h)
find_library(PNG_LIBRARY png)
if(NOT PNG_INCLUDE_DIR OR NOT PNG_LIBRARY)
  message(FATAL_ERROR
    "libpng was not found: install it (Debian, Ubuntu: libpng-dev) or point CMAKE_PREFIX_PATH at it")
endif()
find_path(ZLIB_INCLUDE_DIR zlib.h)
find_library(ZLIB_LIBRARY z)
if(NOT ZLIB_INCLUDE_DIR OR NOT ZLIB_LIBRARY)
  message(FATAL_ERROR
    "zlib was not found: install it (Debian, Ubuntu: zlib1g-dev) or point CMAKE_PREFIX_PATH at it")
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

file(GLOB SLUICE_IMAGES_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
add_library(sluice_images OBJECT ${SLUICE_IMAGES_SOURCES})
target_include_directories(sluice_images SYSTEM PRIVATE ${JPEG_INCLUDE_DIR} ${PNG_INCLUDE_DIR} ${ZLIB_INCLUDE_DIR})
target_compile_options(sluice_images PRIVATE -march=x86-64-v3 -fvisibility=hidden -Wall -Wextra -Werror)
set_target_properties(sluice_images PROPERTIES POSITION_INDEPENDENT_CODE ON)
if(TARGET sluice_flags)
  target_link_libraries(sluice_images PRIVATE sluice_flags)
endif()

# Makes them part of a library.
function(sluice_add_images library)
  target_sources(${library} PRIVATE $<TARGET_OBJECTS:sluice_images>)
  target_link_libraries(${library} PRIVATE ${JPEG_LIBRARY} ${PNG_LIBRARY} ${ZLIB_LIBRARY} Threads::Threads)
endfunction()

# Tests of reading make files of their own.
function(sluice_add_image_writers tests)
  target_include_directories(${tests} SYSTEM PRIVATE ${JPEG_INCLUDE_DIR} ${PNG_INCLUDE_DIR} ${ZLIB_INCLUDE_DIR})
  target_link_libraries(${tests} PRIVATE ${JPEG_LIBRARY} ${PNG_LIBRARY} ${ZLIB_LIBRARY} Threads::Threads)
endfunction()
