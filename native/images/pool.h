// A pool of threads that works through jobs in the order of submission.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "decode.h"

namespace sluice {

// A job: independent items that any thread may process.
class ReadJob {
 public:
  using Item = std::function<Reason(int64_t index, Scratch& scratch)>;
  using Clear = std::function<void(int64_t index)>;

  // Calls `clear` for items that fail.
  ReadJob(int64_t count, Item item, Clear clear)
      : count_(count), item_(std::move(item)), clear_(std::move(clear)), done_(count == 0) {}

  int64_t count() const { return count_; }
  // The failed items as the JSON that sl_reader_wait writes. Call it only when the job is done.
  std::string refused_text();

 private:
  friend class ReaderPool;

  // Processes the next item. Returns false if none is left. Sets `last` if this was the last item to finish.
  bool advance(Scratch& scratch, bool& last);

  const int64_t count_;
  const Item item_;
  const Clear clear_;
  std::atomic<int64_t> next_{0}, finished_{0};
  bool done_;  // guarded by the pool's mutex
  std::mutex mutex_;
  std::vector<std::pair<int64_t, Reason>> refused_;  // guarded by mutex_
};

class ReaderPool {
 public:
  explicit ReaderPool(int threads);
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Returns the job's number, 1 or more.
  int64_t submit(std::shared_ptr<ReadJob> job);
  // Null if no job has this number, or the job was forgotten.
  std::shared_ptr<ReadJob> find(int64_t number);
  bool is_done(const ReadJob& job);
  void wait(const ReadJob& job);
  void forget(int64_t number);

 private:
  void work();
  void end();

  std::mutex mutex_;
  std::condition_variable queued_, done_;
  std::deque<std::shared_ptr<ReadJob>> queue_;  // jobs with items that no thread has begun
  std::map<int64_t, std::shared_ptr<ReadJob>> jobs_;
  int64_t next_number_ = 1;
  std::atomic<bool> ending_{false};
  std::vector<std::thread> threads_;
};

}  // namespace sluice
