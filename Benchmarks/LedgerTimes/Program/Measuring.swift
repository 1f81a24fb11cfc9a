import Domain
import Encoding
import Glibc
import Provenance

/// The key is kept beside the store, so that one run reads what another wrote.
func signingKey(_ directory: String) throws -> CheckpointSigningKey {
  let path = "\(directory)/key"
  if let file = unsafe fopen(path, "r") {
    var text = [CChar](repeating: 0, count: 4096)
    _ = unsafe fgets(&text, 4096, file)
    _ = unsafe fclose(file)
    return try CheckpointSigningKey(
      parsing: String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
  }
  let key = try CheckpointSigningKey(name: "bench.example/ledger")
  if let file = unsafe fopen(path, "w") {
    _ = unsafe fputs(key.encoded, file)
    _ = unsafe fclose(file)
  }
  return key
}

/// An entry as an act of a person leaves it, about 300 bytes.
func entry(_ number: Int) -> LedgerEntry {
  LedgerEntry(
    time: Timestamp(milliseconds: 1_700_000_000_000 + Int64(number)),
    principal: Principal(kind: .person, name: "user-\(number % 100)"), act: .setAlias, phase: .done,
    subject: "model-\(number % 1000)@champion",
    trace: Hexadecimal.encode(Digest(of: "\(number)".utf8).bytes[..<8]),
    details: [
      "version": .integer(Int64(number % 50 + 1)),
      "bundle": .string(Digest(of: "\(number % 500)".utf8).description),
    ])
}

/// Runs `body` `times` times; prints the median and the longest, in milliseconds.
func measure(_ name: String, _ times: Int, _ body: (Int) async throws -> Void) async throws {
  var spans: [Double] = []
  for round in 0..<times {
    let start = ContinuousClock.now
    try await body(round)
    spans.append((ContinuousClock.now - start) / .milliseconds(1))
  }
  spans.sort()
  print("\(name) \(spans[spans.count / 2]) \(spans[spans.count - 1])")
}

/// The resident memory now and its peak, in MiB.
func memory() -> (now: Int, peak: Int) {
  var found = (now: 0, peak: 0)
  guard let file = unsafe fopen("/proc/self/status", "r") else { return found }
  defer { _ = unsafe fclose(file) }
  var text = [CChar](repeating: 0, count: 256)
  while unsafe fgets(&text, 256, file) != nil {
    let line = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let parts = line.split { $0 == " " || $0 == "\t" }
    guard parts.count > 1, let kibibytes = Int(parts[1]) else { continue }
    if parts[0] == "VmRSS:" { found.now = kibibytes / 1024 }
    if parts[0] == "VmHWM:" { found.peak = kibibytes / 1024 }
  }
  return found
}
