# Makes files part of a program:
#
#   cmake -DOUTPUT=F.inc -DNAME=files -DFILES="a.css;b.js" -P EmbedFiles.cmake
#
# writes `static constexpr std::pair<llvm::StringLiteral, llvm::StringRef>
# files[]`: the name and the content of each, in the order given.
set(arrays "")
set(entries "")
set(number 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} bytes HEX)
  string(LENGTH "${bytes}" length)
  math(EXPR size "${length} / 2")
  # Bytes above 127 are negative as characters.
  string(REGEX REPLACE "(..)" "char(0x\\1)," bytes "${bytes}")
  string(APPEND arrays
    "static constexpr char ${NAME}${number}[] = {${bytes}0};\n")
  string(APPEND entries
    "    {\"${name}\", llvm::StringRef(${NAME}${number}, ${size})},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
  "${arrays}static constexpr std::pair<llvm::StringLiteral, llvm::StringRef>\n"
  "    ${NAME}[] = {\n${entries}};\n")
