import Artifacts

/// Reads the input as a file about a training environment, of the kind that its first byte chooses, and as plain YAML;
/// what is told of it keeps to its bounds.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEnvironment(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let kinds = EnvironmentFile.Kind.allCases
  let file = EnvironmentFile(bytes.dropFirst(), as: kinds[Int(form) % kinds.count])
  precondition(file.packages.count <= 2_000 && file.remarks.count <= 500 && file.faults.count <= 20)
  precondition(file.packages.allSatisfy { !$0.name.isEmpty && !$0.version.isEmpty })
  precondition(file.remarks.allSatisfy { !$0.utf8.contains { $0 < 0x20 } })
  precondition(file.faults.allSatisfy { $0.offset >= 0 })
  return 0
}
