import Artifacts

/// Reads the input as a tar archive: the members are not larger than the archive.
///
/// Checksums would keep nearly every input out, so a first byte of zero has those of all blocks put right.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTarArchive(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  if bytes.first == 0 {
    bytes.removeFirst()
    for block in stride(from: 0, to: bytes.count - 511, by: 512) {
      bytes.replaceSubrange(block + 148..<block + 156, with: repeatElement(0x20, count: 8))
      let sum = bytes[block..<block + 512].reduce(0) { $0 + Int($1) }
      let digits = Array(String(sum, radix: 8).utf8)
      bytes.replaceSubrange(block + 148..<block + 148 + digits.count, with: digits)
    }
  }
  _ = TarArchive.begins(bytes[...])
  let archive = TarArchive(bytes[...], memberLimit: 50)
  precondition(archive.members.count <= 50)
  for member in archive.members { precondition(member.bytes.count <= bytes.count) }
  return 0
}
