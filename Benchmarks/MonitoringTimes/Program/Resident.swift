import Glibc

/// How many bytes of memory the process has resident.
func residentBytes() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { unsafe fclose(file) }
  var buffer = [UInt8](repeating: 0, count: 256)
  let count = unsafe fread(&buffer, 1, buffer.count, file)
  let words = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
  return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
}
