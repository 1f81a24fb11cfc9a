import Domain
import Provenance

/// The hashes of the callers' keys, by the deployment that each opens.
struct KeyRing: Sendable {
  /// What a presented key is good for.
  enum Access {
    case granted(Caller)
    /// The key is known, but opens another deployment.
    case otherDeployment(Caller)
    case unknown
  }

  /// Four words a hash, end to end, so that looking at them all is one pass over one array.
  private struct Hashes: Sendable {
    private var words: [UInt64] = []
    private var callers: [Caller] = []

    mutating func append(_ key: PlaneState.Key, _ account: CallerAccount) {
      let (first, second, third, fourth) = key.hash.words
      words += [first, second, third, fourth]
      callers.append(Caller(id: key.id, terms: key.terms, account: account))
    }

    /// Whose key has the hash `presented`; nil where there is none.
    ///
    /// Looks at every word of every hash whatever it finds, so that the time it takes says how many keys
    /// there are and nothing about any of them.
    func caller(with presented: Digest) -> Caller? {
      let (first, second, third, fourth) = presented.words
      // Counted from 1.
      var place: UInt64 = 0
      for start in stride(from: 0, to: words.count, by: 4) {
        let difference =
          (words[start] ^ first) | (words[start + 1] ^ second)
          | (words[start + 2] ^ third) | (words[start + 3] ^ fourth)
        // 1 where the difference is 0, without a branch: only 0 has neither itself nor its negative negative.
        let isMatch = ~(difference | (0 &- difference)) >> 63
        place |= (0 &- isMatch) & UInt64(start / 4 + 1)
      }
      return place == 0 ? nil : callers[Int(place) - 1]
    }
  }

  private var deployments: [String: Hashes] = [:]

  /// A ring of the keys of a snapshot, whose holders have their accounts among these.
  init(_ keys: [PlaneState.Key], accounts: CallerAccounts = CallerAccounts()) {
    for key in keys {
      deployments[key.deployment.description, default: Hashes()].append(key, accounts.account(of: key.id))
    }
  }

  /// The deployments that the key opens, sorted, and whose it is; nil for a key that is unknown.
  func opened(by key: some Collection<UInt8>) -> (names: [String], caller: Caller)? {
    let presented = Digest(of: key)
    let found = deployments.compactMapValues { $0.caller(with: presented) }
    return found.first.map { (found.keys.sorted(), $0.value) }
  }

  /// What the key opens, where `deployment` is wanted.
  func access(_ key: some Collection<UInt8>, to deployment: String) -> Access {
    let presented = Digest(of: key)
    if let caller = deployments[deployment]?.caller(with: presented) { return .granted(caller) }
    let other = deployments.values.reduce(nil) { $1.caller(with: presented) ?? $0 }
    return other.map { .otherDeployment($0) } ?? .unknown
  }
}
