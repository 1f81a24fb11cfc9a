import Domain
import Encoding
import Glibc
import Lifecycle
import Provenance
import Storage

// Times the ledger's store: `ledger-times propose DIRECTORY PROPOSERS SECONDS`, `ledger-times fill DIRECTORY ENTRIES`,
// `ledger-times read DIRECTORY`. What is printed is one line of `name value` a figure.

setvbuf(stdout, nil, _IOLBF, 0)
let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  print("usage: ledger-times propose DIRECTORY PROPOSERS SECONDS | fill DIRECTORY ENTRIES | read DIRECTORY")
  exit(2)
}

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

let directory = arguments[2]
_ = unsafe mkdir(directory, 0o700)
let path = "\(directory)/registry.sqlite"
let key = try signingKey(directory)

switch arguments[1] {
case "propose":
  let (proposers, seconds) = (Int(arguments[3]) ?? 64, Int(arguments[4]) ?? 10)
  let store = try SQLiteRegistry(path: path, signingKey: key)
  let together = GroupCommit(registry: store)
  let start = ContinuousClock.now
  let deadline = start + .seconds(seconds)
  let spans = try await withThrowingTaskGroup(of: [Double].self) { group in
    for proposer in 0..<proposers {
      group.addTask {
        var spans: [Double] = []
        while ContinuousClock.now < deadline {
          let begun = ContinuousClock.now
          let number = proposer * 1_000_000 + spans.count
          _ = try await together.propose(Proposal { _ in .make([entry(number)]) }).get()
          spans.append((ContinuousClock.now - begun) / .milliseconds(1))
        }
        return spans
      }
    }
    let queue = Task { await together.run() }
    let spans = try await group.reduce(into: [Double]()) { $0 += $1 }
    together.close()
    await queue.value
    return spans.sorted()
  }
  let elapsed = (ContinuousClock.now - start) / .seconds(1)
  print("acknowledged-a-second \(Double(spans.count) / elapsed)")
  print("median-ms \(spans[spans.count / 2])")
  print("p99-ms \(spans[spans.count * 99 / 100])")
  print("entries \(try await store.checkpoint()?.size ?? 0)")
case "fill":
  let wanted = Int(arguments[3]) ?? 10_000_000
  let store = try SQLiteRegistry(path: path, signingKey: key)
  var size = try await store.checkpoint()?.size ?? 0
  let start = ContinuousClock.now
  let first = size
  while size < wanted {
    let batch = (size..<min(size + 20_000, wanted)).map(entry)
    size = try await store.commit(batch, []).size
    if size % 1_000_000 == 0 {
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      print("filled \(size) \(Double(size - first) / elapsed) \(memory().now)")
    }
  }
  try store.close()
case "read":
  try await measure("open-ms", 5) { _ in try SQLiteRegistry(path: path, signingKey: key).close() }
  let store = try SQLiteRegistry(path: path, signingKey: key)
  guard let checkpoint = try await store.checkpoint() else { exit(1) }
  let size = checkpoint.size
  print("entries \(size)")
  var generator = SystemRandomNumberGenerator()
  let places = (0..<200).map { _ in Int.random(in: 0..<size, using: &generator) }
  try await measure("entry-ms", places.count) { round in
    guard try await store.entryBytes(from: places[round], count: 1).count == 1 else { exit(1) }
  }
  try await measure("inclusion-ms", places.count) { round in
    let bytes = try await store.entryBytes(from: places[round], count: 1)[0]
    guard let proof = try await store.inclusionProof(of: places[round], in: size),
      proof.verifies(MerkleTree.leafHash(bytes), under: checkpoint.root)
    else { exit(1) }
  }
  try await measure("earlier-inclusion-ms", places.count) { round in
    guard try await store.inclusionProof(of: places[round] / 2, in: places[round] / 2 + 1) != nil else {
      exit(1)
    }
  }
  try await measure("consistency-ms", places.count) { round in
    guard try await store.consistencyProof(from: places[round], to: size) != nil else { exit(1) }
  }
  try await measure("append-ms", 50) { round in try await store.commit([entry(round)], []) }
  print("memory-mib \(memory().now) \(memory().peak)")
  try store.close()
default: exit(2)
}
