import Artifacts

/// Reads the input as a zip archive, and unpacks every member under a small budget.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzZipArchive(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var budget = ReadingBudget()
  budget.decompressedBytes = 1 << 18
  let archive = ZipArchive(bytes[...], memberLimit: 50)
  precondition(archive.members.count <= 50 && archive.prefixCount <= bytes.count)
  _ = ZipArchive.ends(bytes[...])
  for member in archive.members + archive.unlisted {
    guard let contents = archive.contents(of: member, budget: budget).bytes else { continue }
    precondition(contents.count <= max(budget.decompressedBytes, bytes.count))
  }
  return 0
}
