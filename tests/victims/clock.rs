// SPDX-License-Identifier: MIT
//! Calls through a closure and a trait object, in a second thread too, and
//! then waits in both. Says "ready".
use std::io::Write;
use std::sync::Mutex;

trait Clock {
    fn tick(&self, n: u64) -> u64;
}

struct Shop {
    times: Mutex<Vec<u64>>,
}

impl Clock for Shop {
    #[inline(never)]
    fn tick(&self, n: u64) -> u64 {
        let held = self.times.lock().unwrap();
        println!("ready");
        std::io::stdout().flush().unwrap();
        while n > 0 {
            std::thread::park();
        }
        held.len() as u64 + n
    }
}

#[inline(never)]
fn blocks(clock: &dyn Clock, with: impl Fn(u64) -> u64) -> u64 {
    let room = [with(1); 33];
    clock.tick(with(3600)) + room[std::env::args().count() % 33]
}

fn main() {
    let shop = Shop { times: Mutex::new(vec![1, 2, 3]) };
    std::thread::scope(|s| {
        s.spawn(|| blocks(&shop, |n| n + 1));
        println!("{}", blocks(&shop, |n| n));
    });
}
